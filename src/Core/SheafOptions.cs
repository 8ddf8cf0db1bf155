using System.Text.Json;

namespace Sheaf;

/// <summary>Settings of a host and its clients.</summary>
/// <remarks>Immutable, but for <see cref="FailureTypes"/>, to which types may be added at any time.</remarks>
public sealed record SheafOptions
{
    /// <summary>The default of <see cref="MaxPayloadBytes"/>: 4 MiB.</summary>
    public const int DefaultMaxPayloadBytes = 4 * 1024 * 1024;

    /// <summary>The default of <see cref="IdleTimeout"/>: one minute.</summary>
    public static TimeSpan DefaultIdleTimeout { get; } = TimeSpan.FromMinutes(1);

    /// <summary>How inputs and values become JSON (rule D10). Source-generated contexts go into its <see cref="JsonSerializerOptions.TypeInfoResolver"/>.</summary>
    /// <value>The default writes fields too, so that tuples work, and is otherwise System.Text.Json's.</value>
    public JsonSerializerOptions SerializerOptions { get; init; } = DefaultSerializerOptions;

    /// <summary>How many bytes of JSON an input or a value may have (rule D10). More is its own child's failure.</summary>
    /// <value>The default is 4 MiB. At least 1; on a silo at most three quarters of Orleans' <c>SiloMessagingOptions.MaxMessageBodySize</c>, which is 100 MB.</value>
    public int MaxPayloadBytes { get; init; } = DefaultMaxPayloadBytes;

    /// <summary>
    /// How long a workflow only waits, for instants or signals, before it leaves memory (rule D7). It comes back when it is due, or when
    /// somebody asks something of it: its journal is read again then. While a client waits for it here it stays.
    /// </summary>
    /// <value>The default is one minute. More than zero; <see cref="Timeout.InfiniteTimeSpan"/> for never.</value>
    public TimeSpan IdleTimeout { get; init; } = DefaultIdleTimeout;

    /// <summary>Which exception types are made again from failures (rule E6); add your own here.</summary>
    /// <value>The default knows the framework's.</value>
    public FailureTypes FailureTypes { get; init; } = new();

    internal static JsonSerializerOptions DefaultSerializerOptions { get; } = new() { IncludeFields = true };

    internal void Validate()
    {
        if (FailureTypes is null) throw new InvalidOperationException($"SheafOptions.{nameof(FailureTypes)} is null. Leave the default, or set one.");
        if (SerializerOptions is null) throw new InvalidOperationException($"SheafOptions.{nameof(SerializerOptions)} is null. Leave the default, or set options.");
        if (IdleTimeout <= TimeSpan.Zero && IdleTimeout != Timeout.InfiniteTimeSpan)
            throw new InvalidOperationException($"SheafOptions.{nameof(IdleTimeout)} is {IdleTimeout}: it must be more than zero, or Timeout.InfiniteTimeSpan for never. The default is {DefaultIdleTimeout}.");
        if (MaxPayloadBytes < 1) throw new InvalidOperationException($"SheafOptions.{nameof(MaxPayloadBytes)} is {MaxPayloadBytes}: it must be at least 1. The default is {DefaultMaxPayloadBytes}.");
    }
}
