using System.Reflection;

namespace Sheaf;

/// <summary>Names workers and workflows by their classes, for the calls that start them.</summary>
public static class Run
{
    /// <summary>Names a worker.</summary>
    /// <typeparam name="TWorker">Its class, with a <see cref="WorkerAttribute"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The class has no such attribute.</exception>
    public static IWorkerRef<TWorker> Worker<TWorker>()
        where TWorker : Worker => Reference<TWorker>.Worker();

    /// <summary>Names a workflow.</summary>
    /// <typeparam name="TWorkflow">Its class, with a <see cref="WorkflowAttribute"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The class has no such attribute.</exception>
    public static IWorkflowRef<TWorkflow> Workflow<TWorkflow>()
        where TWorkflow : Workflow => Reference<TWorkflow>.Workflow();

    internal static string NameOfWorker(Type type) =>
        NameOf(type, type.GetCustomAttribute<WorkerAttribute>(inherit: false)?.Name, "Worker");

    internal static string NameOfWorkflow(Type type) =>
        NameOf(type, type.GetCustomAttribute<WorkflowAttribute>(inherit: false)?.Name, "Workflow");

    private static string NameOf(Type type, string? name, string attribute)
    {
        if (name is null) throw new InvalidOperationException($"{type} has no name. Give its class one: [{attribute}(\"…/v1\")].");
        if (string.IsNullOrWhiteSpace(name)) throw new InvalidOperationException($"The name of {type} is empty. Give its class one: [{attribute}(\"…/v1\")].");
        return name;
    }

    /// <summary>One reference a class, made once.</summary>
    private sealed class Reference<TCode> : IWorkerRef<TCode>, IWorkflowRef<TCode>
        where TCode : class
    {
        private static Reference<TCode>? _worker;
        private static Reference<TCode>? _workflow;

        private Reference(string name) => Name = name;

        public string Name { get; }

        public static Reference<TCode> Worker() => _worker ??= new(NameOfWorker(typeof(TCode)));

        public static Reference<TCode> Workflow() => _workflow ??= new(NameOfWorkflow(typeof(TCode)));
    }
}
