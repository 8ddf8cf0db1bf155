using System.Runtime.CompilerServices;
using System.Text.Json;
using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Samples.Tests.Agent;

public sealed class AgentProgramTests : IDisposable
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly MemoryStream _json = new();
    private readonly Dictionary<string, string> _variables = [];
    private ILanguageModel? _model;

    public void Dispose()
    {
        _json.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public async Task Run_Weather_AnswersFromTheDocuments()
    {
        Assert.Equal(0, await RunAsync("今天的天气怎么样"));
        Assert.Contains("今天天气晴转多云", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("未配置语言模型", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("degraded", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Run_BothToolsFail_BothInOneTreeAndADegradedAnswer()
    {
        Assert.Equal(3, await RunAsync("计算 error div 并搜索"));
        string[] lines = Lines();
        Assert.Contains("没有找到可以回答这个问题的内容。", lines);
        Assert.Contains("degraded: the answer lacks what failed", lines);
        Assert.Equal("failures (2 failures: 1 SearchException, 1 FormatException)", lines[^4]);
        Assert.Equal("└─ tools: tools (2 failures: 1 SearchException, 1 FormatException)", lines[^3]);
        Assert.StartsWith("   ├─ tools/search: Sheaf.Samples.Agent.Tools.SearchException: The search in '", lines[^2], StringComparison.Ordinal);
        Assert.Equal("   └─ tools/calculator: System.FormatException: 'e' at column 1 is no part of an expression.", lines[^1]);
    }

    [Fact]
    public async Task Run_SearchAndCalculation_BothInTheAnswer()
    {
        Assert.Equal(0, await RunAsync("search for crash recovery and calculate 10/4"));
        Assert.Contains("10/4 = 2.5", Lines());
        Assert.Contains("Crash recovery (crash-recovery.md)", Lines());
    }

    [Fact]
    public async Task Run_SameIdOnTheSameJournal_AsksTheToolsOnce()
    {
        string folder = Directory.CreateTempSubdirectory("sheaf-agent").FullName;
        string journal = Path.Combine(folder, "agent;odd name.db");
        try
        {
            Assert.Equal(0, await RunAsync("calculate 10/4", "--journal", journal, "--id", "q"));
            Assert.DoesNotContain("has ended already", _error.ToString(), StringComparison.Ordinal);
            Assert.Equal(0, await RunAsync("calculate 10/4", "--journal", journal, "--id", "q"));
            Assert.Contains("Workflow 'q' has ended already (Succeeded)", _error.ToString(), StringComparison.Ordinal);
            Assert.Equal(2, await RunAsync("calculate 10/5", "--journal", journal, "--id", "q"));
            Assert.Contains("another input", _error.ToString(), StringComparison.Ordinal);
            Assert.Equal(2, await RunAsync("calculate 10/5", "--journal", folder));
            Assert.Contains("cannot be used", _error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Run_CalculationFails_NamesTheType()
    {
        Assert.Equal(3, await RunAsync("calculate 1/0"));
        Assert.Equal("   └─ tools/calculator: System.DivideByZeroException: Division by zero at column 2.", Lines()[^1]);
    }

    [Fact]
    public async Task Run_TwoCalculations_SaysThatOneIsAllowed()
    {
        Assert.Equal(3, await RunAsync("calculate 1+1 and calculate 2*3"));
        Assert.Equal("   └─ tools/calculator: System.FormatException: One calculation at a time: at column 4 of '1+1; 2*3' a second one begins.", Lines()[^1]);
    }

    [Theory]
    [InlineData("The question is empty.", " ")]
    [InlineData("The name of the folder with the documents is empty.", "a", "--documents", "")]
    [InlineData("The workflow's id is empty.", "a", "--id", "")]
    public async Task Run_SomethingIsEmpty_SaysWhat(string message, params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        Assert.Equal(message, _error.ToString().Trim());
    }

    [Fact]
    public async Task Run_ShowsTheToolsAndTheHeartbeatsEnd()
    {
        Assert.Equal(0, await RunAsync("calculate 1+1"));
        string[] lines = Lines();
        Assert.Contains("[calculator] running", lines);
        Assert.Contains(lines, line => line.StartsWith("[calculator] succeeded in ", StringComparison.Ordinal));
        Assert.Contains(lines, line =>
            line.StartsWith("[heartbeat] cancelled in ", StringComparison.Ordinal) && line.EndsWith(": the tools have answered", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Json_OneDocument()
    {
        Assert.Equal(3, await RunAsync("计算 1/0 并搜索天气", "--json"));
        Assert.Equal("", _output.ToString());
        using JsonDocument document = JsonDocument.Parse(_json.ToArray());
        JsonElement failure = Assert.Single(document.RootElement.GetProperty("failures").EnumerateArray());
        Assert.Equal("tools/calculator System.DivideByZeroException", $"{failure.GetProperty("path")} {failure.GetProperty("type")}");
        Assert.Equal(
            ["calculator failed", "heartbeat cancelled", "search succeeded"],
            document.RootElement.GetProperty("tools").EnumerateArray().Select(tool => $"{tool.GetProperty("name")} {tool.GetProperty("state")}").Order(StringComparer.Ordinal));
        Assert.True(document.RootElement.GetProperty("degraded").GetBoolean());
    }

    [Theory]
    [InlineData]
    [InlineData("")]
    [InlineData("a", "b")]
    [InlineData("a", "--documents", "/no/such/folder")]
    [InlineData("a", "--documents", "")]
    [InlineData("a", "--id", "")]
    [InlineData("a", "--forbid")]
    [InlineData("a", "--linger", "-1")]
    [InlineData("a", "--linger", "x")]
    [InlineData("a", "--journal", "")]
    [InlineData("a", "--no-such-option")]
    public async Task Run_Misused_ExitsWith2AndSaysWhy(params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        Assert.NotEqual("", _error.ToString());
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Run_AnIdThatIsNotForClients_ExitsWith2AndSaysWhy()
    {
        Assert.Equal(2, await RunAsync("calculate 1+1", "--id", "x~1"));
        Assert.StartsWith("The workflow id 'x~1' is not for a client to give: ", _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ModelWithoutName_ExitsWith2()
    {
        _variables["OPENAI_BASE_URL"] = "http://localhost";
        Assert.Equal(2, await RunAsync("calculate 1+1"));
        Assert.Equal("OPENAI_BASE_URL is set, but OPENAI_MODEL is not: name the model to ask.\n", _error.ToString());
    }

    [Fact]
    public async Task Run_Help_ExitsWith0() => Assert.Equal(0, await RunAsync("--help"));

    [Fact]
    public async Task Run_QuestionLikeAFileOfArguments_IsAQuestion() => Assert.Equal(3, await RunAsync("@zzzqqq"));

    [Fact]
    public async Task Run_ForbiddenTerm_StopsTheAnswerAndIsInTheTree()
    {
        Assert.Equal(3, await RunAsync("今天的天气怎么样", "--forbid", "晴转多云"));
        Assert.DoesNotContain("今天天气晴", _output.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("   └─ answer/compliance: Sheaf.Samples.Agent.Model.ComplianceException: The answer was stopped", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ModelFails_QuotesAndListsTheFailureBesideTheTools()
    {
        UseModel((_, _) => throw new InvalidDataException("no stream"));
        Assert.Equal(3, await RunAsync("calculate 1/0"));
        Assert.Contains("(The language model fake has failed: this is quoted from the documents and the calculator.)", Lines());
        Assert.Equal("failures (2 failures: 1 DivideByZeroException, 1 InvalidDataException)", Lines()[^6]);
        Assert.Equal("   └─ answer/answer: System.IO.InvalidDataException: no stream", Lines()[^1]);
    }

    [Fact]
    public async Task Run_InterruptedInTheAnswer_ExitsWith130AndShowsWhatWasDone()
    {
        UseModel((_, token) => EndlessAsync(token));
        Assert.Equal(130, await RunAndInterruptAsync(snapshot => snapshot.Answer.StartsWith("first line\n", StringComparison.Ordinal), "calculate 1/0"));
        Assert.Contains("first line", Lines());
        Assert.Equal("   └─ tools/calculator: System.DivideByZeroException: Division by zero at column 2.", Lines()[^1]);
        Assert.StartsWith("Interrupted", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_InterruptedWhileToolsRun_ExitsWith130AndAsksNoModel()
    {
        bool asked = false;
        UseModel((_, _) =>
        {
            asked = true;
            throw new InvalidOperationException("must not be asked");
        });
        Assert.Equal(130, await RunAndInterruptAsync(
            snapshot => snapshot.Tools.Any(tool => tool is { Name: "search", State: ToolState.Running }), "search for tea and calculate 1+1"));
        Assert.False(asked);
        Assert.Contains("[search] running", Lines());
    }

    [Fact]
    public async Task Run_Process_ExitsWith3AndPrintsTheTree()
    {
        (int code, string output, string error) = await Processes.RunAsync("Sheaf.Agent.dll", "计算 error div 并搜索", "--id", "一");
        Assert.Equal((3, ""), (code, error));
        Assert.Contains("tools/search: Sheaf.Samples.Agent.Tools.SearchException: ", output, StringComparison.Ordinal);
        Assert.Contains("tools/calculator: System.FormatException: ", output, StringComparison.Ordinal);
    }

    private static async IAsyncEnumerable<string> EndlessAsync([EnumeratorCancellation] CancellationToken token)
    {
        yield return $"first line\n{new string('x', 100)}";
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
    }

    private void UseModel(Func<ModelRequest, CancellationToken, IAsyncEnumerable<string>> answer)
    {
        _variables["OPENAI_BASE_URL"] = "http://localhost/v1";
        _variables["OPENAI_MODEL"] = "fake";
        _model = new FakeModel(answer);
    }

    private string[] Lines() => _output.ToString().TrimEnd('\n').Split('\n');

    private Task<int> RunAsync(params string[] args) => RunAsync(Token, args);

    private Task<int> RunAsync(CancellationToken cancellationToken, params string[] args) => AgentProgram.RunAsync(args, Surroundings(), cancellationToken);

    private async Task<int> RunAndInterruptAsync(Func<AnswerSnapshot, bool> when, string question)
    {
        using var interruption = new CancellationTokenSource();
        var view = new InterruptingView(new PlainAnswerView(_output), when, interruption);
        return await AgentProgram.RunAsync([question], Surroundings() with { View = _ => view }, interruption.Token)
            .WaitAsync(TimeSpan.FromMinutes(2), Token);
    }

    private AgentSurroundings Surroundings() => new()
    {
        Output = _output,
        Error = _error,
        View = json => json ? new JsonAnswerView(_json) : new PlainAnswerView(_output),
        Variable = name => _variables.GetValueOrDefault(name),
        Model = _ => _model!,
    };

    /// <summary>Interrupts the program as soon as it has shown something.</summary>
    private sealed class InterruptingView(IAnswerView inner, Func<AnswerSnapshot, bool> when, CancellationTokenSource interruption) : IAnswerView
    {
        public void Update(AnswerSnapshot snapshot)
        {
            inner.Update(snapshot);
            if (when(snapshot)) interruption.Cancel();
        }

        public Task ShowAsync(Func<Task> work) => inner.ShowAsync(work);
    }
}
