using System.CommandLine;
using System.Globalization;

namespace Sheaf.Samples.Agent;

/// <summary>An option that takes a duration of a day at the most, in seconds.</summary>
public static class SecondsOption
{
    private const double Most = 86_400;

    /// <summary>Makes the option.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does, for the help.</param>
    public static Option<double?> Create(string name, string description) => new(name)
    {
        HelpName = "SECONDS",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens is [var token] ? token.Value : "";
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and <= Most) return seconds;
            result.AddError($"{name} is '{text}': it must be from 0 to {Most:0} seconds.");
            return null;
        },
    };
}
