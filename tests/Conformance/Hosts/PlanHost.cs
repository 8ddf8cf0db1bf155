namespace Sheaf.Conformance;

/// <summary>What a host can do beyond what every host has to. A suite that needs more than a host has is not for it.</summary>
[Flags]
public enum Capabilities
{
    None = 0,

    /// <summary>Groups outlive the process that runs them.</summary>
    Durable = 1,

    /// <summary>What a lost worker delivers late changes nothing.</summary>
    Fenced = 2,

    /// <summary>A child that ignores cancellation is given up after a while (R9).</summary>
    CanAbandon = 4,

    /// <summary>A process that finds its workflow taken over does not take it back.</summary>
    LeavesAlone = 8,
}

/// <summary>Says what a suite needs; <see cref="DeclarationTests"/> holds each host to the suites that it can run.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(Capabilities capabilities) : Attribute
{
    public Capabilities Capabilities { get; } = capabilities;
}

/// <summary>A place where plans run.</summary>
public abstract class PlanHost : IAsyncDisposable
{
    public StageTime Time { get; } = new();

    public abstract Capabilities Capabilities { get; }

    /// <summary>Runs a plan. The token is the caller's: it cancels the group from outside (R5).</summary>
    public abstract Task<string> RunAsync(Stage stage, GroupPlan plan, CancellationToken outside);

    public virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
