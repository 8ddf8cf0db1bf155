using Orleans.Serialization.Configuration;

[assembly: TypeManifestProvider(typeof(Sheaf.Codecs.WireNames))]

namespace Sheaf.Codecs;

/// <summary>
/// What Core's types are called on the wire. Core knows no Orleans, so that <see cref="AliasAttribute"/> cannot stand on them. Names
/// are never changed: silos of two versions talk to each other.
/// </summary>
internal sealed class WireNames : TypeManifestProviderBase
{
    /// <summary>Wire name by type.</summary>
    internal static IReadOnlyDictionary<Type, string> ByType { get; } = new Dictionary<Type, string>
    {
        [typeof(CancellationCause)] = "sheaf.CancellationCause",
        [typeof(DeadlineExceededException)] = "sheaf.DeadlineExceeded",
        [typeof(ExceptionGroup)] = "sheaf.ExceptionGroup",
        [typeof(Failure)] = "sheaf.Failure",
        [typeof(GroupCancelledException)] = "sheaf.GroupCancelled",
        [typeof(NonDeterministicWorkflowException)] = "sheaf.NonDeterministicWorkflow",
        [typeof(OmittedFailures)] = "sheaf.OmittedFailures",
        [typeof(PayloadTooLargeException)] = "sheaf.PayloadTooLarge",
        [typeof(RemoteException)] = "sheaf.RemoteException",
        [typeof(WorkerLostException)] = "sheaf.WorkerLost",
        [typeof(WorkflowId)] = "sheaf.WorkflowId",
        [typeof(WorkflowStuckException)] = "sheaf.WorkflowStuck",
        [typeof(WorkflowTerminatedException)] = "sheaf.WorkflowTerminated",
    };

    protected override void ConfigureInner(TypeManifestOptions options)
    {
        foreach ((Type type, string name) in ByType) options.WellKnownTypeAliases[name] = type;
    }
}
