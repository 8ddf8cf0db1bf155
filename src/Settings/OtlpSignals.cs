namespace Sheaf.Settings;

/// <summary>What is sent by OTLP.</summary>
[Flags]
internal enum OtlpSignals
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Spans.</summary>
    Traces = 1,

    /// <summary>Metrics.</summary>
    Metrics = 2,

    /// <summary>What is logged, beside the console.</summary>
    Logs = 4,

    /// <summary>All of these.</summary>
    All = Traces | Metrics | Logs,
}
