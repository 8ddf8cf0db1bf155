using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>How a workflow ended, for who waits.</summary>
/// <param name="Result">Its result.</param>
/// <param name="Cause">What cancelled it; null where nothing did.</param>
internal sealed record WorkflowEnd(Result Result, CancellationCause? Cause);
