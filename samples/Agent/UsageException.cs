namespace Sheaf.Samples.Agent;

/// <summary>What was asked for makes no sense together, such as an id that belongs to another question: exit code 2, and no stack.</summary>
public sealed class UsageException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>A message for people: without the name that a parameter has in the code.</summary>
    public static string TextOf(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Message.Split(" (Parameter ")[0];
    }
}
