using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Sheaf.Analyzers;

/// <summary>The types by which workflow code is known.</summary>
internal sealed class WorkflowTypes
{
    private readonly INamedTypeSymbol _workflow;
    private readonly INamedTypeSymbol _context;
    private readonly INamedTypeSymbol _group;

    private WorkflowTypes(INamedTypeSymbol workflow, INamedTypeSymbol context, INamedTypeSymbol group)
    {
        _workflow = workflow;
        _context = context;
        _group = group;
    }

    /// <summary>The types of a compilation; null where it does not know Sheaf.</summary>
    public static WorkflowTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("Sheaf.Workflow`2") is { } workflow
        && compilation.GetTypeByMetadataName("Sheaf.WorkflowContext") is { } context
        && compilation.GetTypeByMetadataName("Sheaf.WorkflowGroup") is { } group
            ? new(workflow, context, group)
            : null;

    /// <summary>Whether a method is workflow code by itself, whoever calls it.</summary>
    public bool IsWorkflowCode(IMethodSymbol method) =>
        method.Parameters.Any(parameter => IsHandleOfTurn(parameter.Type))
        || (method.OverriddenMethod is { Name: "RunAsync", ContainingType.OriginalDefinition: { } type } && SymbolEqualityComparer.Default.Equals(type, _workflow));

    /// <summary>The method or local function that an operation runs in; null where it is in a lambda that may run elsewhere, or in no method.</summary>
    public IMethodSymbol? OwnerOf(IOperation operation, ISymbol member)
    {
        for (IOperation? around = operation.Parent; around is not null; around = around.Parent)
        {
            if (around is ILocalFunctionOperation local) return local.Symbol.OriginalDefinition;
            if (around is IAnonymousFunctionOperation lambda && !RunsOnTurn(lambda)) return null;
        }

        return (member as IMethodSymbol)?.OriginalDefinition;
    }

    /// <summary>Whether a lambda is given to something that calls it on the turn: a group, a branch, LINQ.</summary>
    private bool RunsOnTurn(IAnonymousFunctionOperation lambda)
    {
        IOperation? parent = lambda.Parent;
        while (parent is IDelegateCreationOperation or IConversionOperation or IParenthesizedOperation) parent = parent.Parent;
        if (parent is not IArgumentOperation { Parent: IInvocationOperation { TargetMethod: { } method } }) return false;
        return IsHandleOfTurn(method.ContainingType)
            ? method.Name != "Step"
            : method.ContainingType is { Name: "Enumerable", ContainingNamespace: { Name: "Linq", ContainingNamespace.Name: "System" } };
    }

    private bool IsHandleOfTurn(ITypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(type, _context) || SymbolEqualityComparer.Default.Equals(type, _group);
}
