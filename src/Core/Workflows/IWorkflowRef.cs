namespace Sheaf;

/// <summary>Names a workflow for the call that starts it. Covariant, as <see cref="IWorkerRef{TWorker}"/>. Made by <see cref="Run.Workflow{TWorkflow}"/>.</summary>
/// <typeparam name="TWorkflow">The workflow's class, or the <see cref="Workflow{TIn, TOut}"/> that it is.</typeparam>
public interface IWorkflowRef<out TWorkflow>
    where TWorkflow : class
{
    /// <summary>The name that the workflow is registered under.</summary>
    string Name { get; }
}
