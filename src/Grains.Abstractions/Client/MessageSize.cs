using Orleans.Configuration;
using Orleans.Runtime;

namespace Sheaf.Grains;

/// <summary>What Orleans says of messages that are too large.</summary>
internal static class MessageSize
{
    /// <summary>Whether an error says so. The same message is too large every time: it must not be sent again.</summary>
    /// <remarks>By its text, which names the option: of that type are other faults too.</remarks>
    public static bool IsTooLarge(Exception error) => error is OrleansException && error.Message.Contains(nameof(MessagingOptions.MaxMessageBodySize), StringComparison.Ordinal);
}
