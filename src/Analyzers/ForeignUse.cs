using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Sheaf.Analyzers;

/// <summary>What workflow code must not use, and the deterministic way instead (rule D3).</summary>
internal sealed class ForeignUse
{
    private const string Differs = "is another on each resume";
    private const string Leaves = "leaves the workflow's turn";

    private ForeignUse(string what, string why, string instead)
    {
        What = what;
        Why = why;
        Instead = instead;
    }

    /// <summary>What is used, as the user writes it.</summary>
    public string What { get; }

    /// <summary>What is wrong with it.</summary>
    public string Why { get; }

    /// <summary>What to use instead.</summary>
    public string Instead { get; }

    /// <summary>The forbidden use that an operation is; null for any other.</summary>
    public static ForeignUse? Of(IOperation operation) => operation switch
    {
        IInvocationOperation call => OfCall(call),
        IPropertyReferenceOperation property => OfProperty(property.Property),
        IObjectCreationOperation { Arguments.Length: 0, Type: { Name: "Random" } type } when IsIn(type, "System") =>
            new("new Random()", Differs, "use workflow.Random, or give it a seed"),
        _ => null,
    };

    private static ForeignUse? OfCall(IInvocationOperation call) => (call.TargetMethod.ContainingType.Name, call.TargetMethod.Name) switch
    {
        ("Task" or "ValueTask" or "TaskAsyncEnumerableExtensions", "ConfigureAwait") when IsIn(call.TargetMethod.ContainingType, "System.Threading.Tasks") && LeavesContext(call) =>
            new("ConfigureAwait", Leaves, "await without it"),
        ("Task", "Run") when IsIn(call.TargetMethod.ContainingType, "System.Threading.Tasks") =>
            new("Task.Run", Leaves, "use a step or a worker"),
        ("Task", "Delay") when IsIn(call.TargetMethod.ContainingType, "System.Threading.Tasks") =>
            new("Task.Delay", Leaves, "use DelayAsync of the workflow or the group"),
        ("Guid", "NewGuid" or "CreateVersion7") when IsIn(call.TargetMethod.ContainingType, "System") =>
            new($"Guid.{call.TargetMethod.Name}", Differs, "use workflow.NewGuid()"),
        _ => null,
    };

    private static ForeignUse? OfProperty(IPropertySymbol property) => (property.ContainingType.Name, property.Name) switch
    {
        ("DateTime", "Now" or "UtcNow" or "Today") or ("DateTimeOffset", "Now" or "UtcNow") when IsIn(property.ContainingType, "System") =>
            new($"{property.ContainingType.Name}.{property.Name}", Differs, "use workflow.UtcNow"),
        ("Random", "Shared") when IsIn(property.ContainingType, "System") =>
            new("Random.Shared", Differs, "use workflow.Random"),
        _ => null,
    };

    /// <summary>False, or options without <c>ContinueOnCapturedContext</c>, which is 1.</summary>
    private static bool LeavesContext(IInvocationOperation call) => call.Arguments[call.Arguments.Length - 1].Value.ConstantValue switch
    {
        { HasValue: true, Value: bool keeps } => !keeps,
        { HasValue: true, Value: int options } => (options & 1) == 0,
        _ => false,
    };

    private static bool IsIn(ITypeSymbol type, string ns) => type.ContainingNamespace.ToDisplayString() == ns;
}
