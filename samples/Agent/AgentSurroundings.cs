using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Samples.Agent;

/// <summary>What the program takes from around it: the process's own by default, a test's in a test.</summary>
public sealed record AgentSurroundings
{
    /// <summary>Where help goes. The answer is shown by <see cref="View"/>.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Where errors of usage and warnings go.</summary>
    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>Makes the view; it is given whether JSON was asked for.</summary>
    public Func<bool, IAnswerView> View { get; init; } = json => AnswerViews.ForConsole(json, Console.Out, TimeProvider.System);

    /// <summary>Makes the language model at an address.</summary>
    public Func<OpenAiOptions, ILanguageModel> Model { get; init; } = options => new OpenAiLanguageModel(new HttpClient(), options);

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
