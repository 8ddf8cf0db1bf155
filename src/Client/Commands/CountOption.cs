using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Sheaf.Client.Commands;

/// <summary>An option that takes a whole number within bounds.</summary>
internal sealed class CountOption : Option<int>
{
    private readonly int _least;
    private readonly int _most;
    private readonly int _otherwise;

    /// <summary>Makes the option; <paramref name="otherwise"/> is what it is by default.</summary>
    public CountOption(string name, string helpName, string description, int least, int most, int otherwise)
        : base(name)
    {
        (_least, _most, _otherwise) = (least, most, otherwise);
        HelpName = helpName;
        Description = description;
        DefaultValueFactory = _ => otherwise;
        CustomParser = result =>
        {
            if (Parse(result.Tokens) is { } value) return value;
            result.AddError($"{name} is '{string.Join(' ', result.Tokens)}': it must be a whole number from {least} to {most}.");
            return otherwise;
        };
    }

    /// <summary>The value, for a comparison with another's; null where it is none. That is reported by itself, and asking the command for it would throw.</summary>
    public int? ValueIn(CommandResult command) => command.GetResult(this) is { Implicit: false } given ? Parse(given.Tokens) : _otherwise;

    private int? Parse(IReadOnlyList<Token> tokens) =>
        tokens is [var token] && int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= _least && value <= _most
            ? value
            : null;
}
