using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Output;
using Spectre.Console;

namespace Sheaf.Samples.Tests.Agent;

public sealed class AnswerViewTests
{
    [Fact]
    public async Task Plain_WholeRun_LinesInOrder()
    {
        var output = new StringWriter { NewLine = "\n" };
        var view = new PlainAnswerView(output);
        await view.ShowAsync(() => RunAsync(view));

        Assert.Equal(
            """
            [search] waiting
            [calculator] waiting
            [search] running on silo-1
            第一行
            [search] succeeded on silo-1 in 12 ms: 3 passages [x]
            [calculator] failed in 1.5 s: two lines
            second[31m line
            heartbeats: 2
            degraded: the answer lacks what failed
            failures (1 failure: FormatException)
            └─ tools: tools (1 failure: FormatException)
               └─ tools/calculator: System.FormatException: two …

            """.ReplaceLineEndings("\n"), output.ToString());
    }

    [Fact]
    public async Task Json_WholeRun_OneDocument()
    {
        using var output = new MemoryStream();
        var view = new JsonAnswerView(output);
        await view.ShowAsync(() => RunAsync(view));

        string text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("第一行", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.Equal("今天 <b>?", root.GetProperty("question").GetString());
        Assert.Equal("第一行\nsecond\u001B[31m line", root.GetProperty("answer").GetString());
        Assert.True(root.GetProperty("degraded").GetBoolean());
        Assert.Equal(2, root.GetProperty("heartbeats").GetInt32());
        JsonElement search = root.GetProperty("tools")[0];
        Assert.Equal(("search", "succeeded", "silo-1", 12.0),
            (search.GetProperty("name").GetString(), search.GetProperty("state").GetString(), search.GetProperty("silo").GetString(), search.GetProperty("durationMs").GetDouble()));
        Assert.Equal(JsonValueKind.Null, root.GetProperty("tools")[1].GetProperty("silo").ValueKind);
        JsonElement failure = root.GetProperty("failures")[0];
        Assert.Equal(("tools/calculator", "System.FormatException", "two\nlines"),
            (failure.GetProperty("path").GetString(), failure.GetProperty("type").GetString(), failure.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Live_WholeRun_EndsWithTheWholePicture()
    {
        var output = new StringWriter();
        LiveAnswerView view = Live(output, ansi: false);
        await view.ShowAsync(() => RunAsync(view));

        string text = output.ToString();
        Assert.All(["search", "succeeded", "12 ms", "3 passages [x]", "silo-1", "failed", "第一行", "second[31m line", "FormatException", "degraded", "2 heartbeats"],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
        Assert.DoesNotContain("\u001B", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_WhileRunning_ShowsTheNewest()
    {
        var output = new SignallingWriter("half an answer");
        var time = new FakeTimeProvider();
        LiveAnswerView view = Live(output, ansi: true, time);
        var progress = new AnswerProgress("q", view);
        var end = new TaskCompletionSource();
        Task shown = view.ShowAsync(() => end.Task);
        progress.Append("half an answer");
        time.Advance(TimeSpan.FromSeconds(1));
        // Unless it has failed: then its exception says more than a timeout.
        await await Task.WhenAny(output.Seen, shown).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.False(shown.IsCompleted);
        end.SetResult();
        await shown;
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("json")]
    [InlineData("live")]
    public async Task AnyView_WorkThrows_ShowsWhereItStoodAndThrows(string kind)
    {
        var text = new StringWriter();
        using var bytes = new MemoryStream();
        IAnswerView view = kind switch
        {
            "plain" => new PlainAnswerView(text),
            "json" => new JsonAnswerView(bytes),
            _ => Live(text, ansi: false),
        };
        var progress = new AnswerProgress("q", view);
        await Assert.ThrowsAsync<TimeoutException>(() => view.ShowAsync(() =>
        {
            progress.Append("half");
            throw new TimeoutException();
        }));
        Assert.Contains("half", text + Encoding.UTF8.GetString(bytes.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_ManyThreads_LosesNothing()
    {
        using var bytes = new MemoryStream();
        var progress = new AnswerProgress("q", new JsonAnswerView(bytes));
        Parallel.For(0, 1_000, i =>
        {
            progress.Heartbeat();
            progress.Append("x");
            progress.Tool(new ToolView($"tool{i % 3}", ToolState.Running));
        });
        Assert.Equal(1_000, progress.Snapshot.Heartbeats);
        Assert.Equal(1_000, progress.Snapshot.Answer.Length);
        Assert.Equal(3, progress.Snapshot.Tools.Length);
        Assert.False(progress.Snapshot.Degraded);
    }

    private static LiveAnswerView Live(TextWriter output, bool ansi, TimeProvider? time = null) => new(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
        Interactive = ansi ? InteractionSupport.Yes : InteractionSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
    }), time ?? TimeProvider.System);

    private static async Task RunAsync(IAnswerView view)
    {
        var progress = new AnswerProgress("今天 <b>?", view);
        progress.Tool(new ToolView("search", ToolState.Waiting));
        progress.Tool(new ToolView("calculator", ToolState.Waiting));
        progress.Tool(new ToolView("search", ToolState.Running, Silo: "silo-1"));
        await Task.Yield();
        progress.Append("第一");
        progress.Append("行\nsec");
        progress.Heartbeat();
        progress.Heartbeat();
        progress.Tool(new ToolView("search", ToolState.Succeeded, "3 passages [x]", TimeSpan.FromMilliseconds(12)));
        Failure tools = FailureTree.Group("tools", [Failure.From(new FormatException("two\nlines")).At("calculator")]);
        progress.Fail((ExceptionGroup)FailureTree.Group("failures", [tools.At("tools")]).ToException());
        progress.Tool(new ToolView("calculator", ToolState.Failed, "two\nlines", TimeSpan.FromSeconds(1.5)));
        progress.Append("ond\u001B[31m line");
    }

    private sealed class SignallingWriter(string awaited) : StringWriter
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public override void Write(string? value)
        {
            base.Write(value);
            if (ToString().Contains(awaited, StringComparison.Ordinal)) _seen.TrySetResult();
        }
    }
}
