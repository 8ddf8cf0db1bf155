namespace Sheaf;

/// <summary>Gives a workflow its name on the wire and in the journal: not the class's name, which may change.</summary>
/// <param name="name">The name. By convention with a version: <c>answer-question/v1</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class WorkflowAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
