using System.Net;
using System.Net.Sockets;

namespace Sheaf.Docs.Tests.Snippets;

/// <summary>The README's local groups, run.</summary>
public sealed class LocalSnippets
{
    private static readonly Users users = new();
    private static readonly Model model = new();
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Local()
    {
        int id = 1;
        string prompt = "?";
        #region local
        Report report = await TaskGroup.RunAsync(async group =>
        {
            ChildTask<User> user = group.Start("user", ct => users.FetchAsync(id, ct));
            ChildTask<string> reply = group.Start("reply", ct => model.AskAsync(prompt, ct));
            return new Report(await user, await reply);
        }, new TaskGroupOptions { Deadline = TimeSpan.FromSeconds(5) }, cancellationToken);
        #endregion
        Assert.Equal(new Report(new User("Ada"), "an answer"), report);
    }

    [Fact]
    public async Task Partial()
    {
        string query = "crash";
        List<string> shown = [];
        #region partial
        await TaskGroup.RunAsync(async group =>
        {
            ChildTask<string> web = group.Start("web", ct => model.SearchAsync(query, ct), new ChildOptions { Isolated = true });
            ChildTask<string> notes = group.Start("notes", ct => model.AskAsync(query, ct), new ChildOptions { Isolated = true });

            Outcome<string> found = await web.OutcomeAsync();   // never throws
            shown.Add(found.IsSuccess ? found.Value : $"no web results: {found.Exception!.Message}");
            shown.Add((await notes.OutcomeAsync()).ValueOr("no notes"));
        });
        #endregion
        Assert.Equal(["no web results: 503", "an answer"], shown);
    }

    [Fact]
    public async Task Ready()
    {
        List<string> answers = [];
        #region ready
        await TaskGroup.RunAsync(async group =>
        {
            int port = await group.StartAsync<int>("server", async (context, ct) =>
            {
                using TcpListener listener = new(IPAddress.Loopback, 0);
                listener.Start();
                context.Ready(((IPEndPoint)listener.LocalEndpoint).Port);
                await ServeAsync(listener, ct);
            });
            await AskAsync(port);
            group.Cancel("all asked");
        }, cancellationToken: cancellationToken);
        #endregion
        Assert.Equal(["hello"], answers);

        static async Task ServeAsync(TcpListener listener, CancellationToken ct)
        {
            while (true)
            {
                using Socket client = await listener.AcceptSocketAsync(ct);
                await client.SendAsync("hello"u8.ToArray(), ct);
            }
        }

        async Task AskAsync(int port)
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            using StreamReader reader = new(client.GetStream());
            answers.Add(await reader.ReadToEndAsync(cancellationToken));
        }
    }

    [Fact]
    public async Task ExceptStar()
    {
        List<string> warnings = [];
        string answer = "complete";
        #region except-star
        try
        {
            await TaskGroup.RunAsync(group =>
            {
                _ = group.Start("search", ct => model.SearchAsync("q", ct));
                _ = group.Start("parse", _ => Task.FromException(new FormatException("not a number")));
                return Task.CompletedTask;
            }, new TaskGroupOptions { Policy = GroupPolicy.CollectAll });
        }
        catch (ExceptionGroup failures)
        {
            Sieve rest = failures.Sift();
            if (rest.Take<HttpRequestException>() is { } transient) warnings.Add(transient.Message);
            if (rest.Take<FormatException, DivideByZeroException>() is not null) answer = "degraded";
            rest.ThrowIfAny();   // what nobody took goes on, in its own shape
        }
        #endregion
        Assert.Equal("degraded", answer);
        Assert.Single(warnings);
    }

    [Fact]
    public async Task Handlers()
    {
        List<string> handled = [];
        ExceptionGroup failures = new("tools", [new HttpRequestException("503"), new FormatException("bad")]);
        #region handlers
        await failures.CatchAsync(on => on
            .Type<HttpRequestException>(group => LogAsync("transient", group))
            .Type<FormatException>(group => LogAsync("bad input", group)));
        #endregion
        Assert.Equal(["transient: 1", "bad input: 1"], handled);

        Task LogAsync(string what, ExceptionGroup group)
        {
            handled.Add($"{what}: {group.LeafCount}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Map()
    {
        IEnumerable<int> numbers = Enumerable.Range(0, 1000);
        #region map
        MapSummary summary = await TaskGroup.MapAsync(
            numbers,
            async (number, ct) => await Task.Delay(TimeSpan.Zero, TimeProvider.System, ct),
            new MapOptions<int> { Group = new TaskGroupOptions { MaxConcurrency = 64 } },
            cancellationToken);
        #endregion
        Assert.Equal(1000, summary.Succeeded);
    }

    [Fact]
    public async Task Race()
    {
        #region race
        string fastest = await TaskGroup.FirstSuccessAsync<string>(
            [ct => model.AskAsync("q", ct), ct => model.SearchAsync("q", ct)], cancellationToken: cancellationToken);
        #endregion
        Assert.Equal("an answer", fastest);
    }

    private sealed record User(string Name);

    private sealed record Report(User User, string Reply);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "Stands for a service.")]
    private sealed class Users
    {
        public Task<User> FetchAsync(int id, CancellationToken cancellationToken) => Task.FromResult(new User("Ada"));
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "Stands for a service.")]
    private sealed class Model
    {
        public Task<string> AskAsync(string prompt, CancellationToken cancellationToken) => Task.FromResult("an answer");

        public Task<string> SearchAsync(string query, CancellationToken cancellationToken) =>
            Task.FromException<string>(new HttpRequestException("503", null, HttpStatusCode.ServiceUnavailable));
    }
}
