namespace Sheaf.Hosting;

/// <summary>This host does not own the workflow any more, and never will again under that epoch. Another one does: ask it.</summary>
internal class OwnerLostException(string message) : InvalidOperationException(message);

/// <summary>A workflow that was to be created gave way to the one that has its id.</summary>
internal sealed class GivenWayException(WorkflowId id) : OwnerLostException($"The workflow id '{id}' was taken.");
