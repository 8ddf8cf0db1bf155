using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Sheaf.Analyzers;

/// <summary>SHEAF002: workflow code that uses what differs on resume, or leaves the workflow's turn (rule D3).</summary>
/// <remarks>
/// Workflow code is <c>RunAsync</c> of a workflow, a method with a <c>WorkflowContext</c> or <c>WorkflowGroup</c> among its parameters, what these
/// call in their own type, and the lambdas that they give to a group, a branch or LINQ. Effects, given to <c>Step</c>, are not; nor is any other
/// lambda, since nothing says where it runs.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class WorkflowCodeAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Rule = new(
        "SHEAF002",
        "Workflow code has to do the same again",
        "'{0}' {1} in workflow code: {2}",
        "Determinism",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rule);

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (WorkflowTypes.Of(start.Compilation) is { } types) start.RegisterSymbolStartAction(type => CheckType(type, types), SymbolKind.NamedType);
        });
    }

    private static void CheckType(SymbolStartAnalysisContext context, WorkflowTypes types)
    {
        ConcurrentBag<(IMethodSymbol From, IMethodSymbol To)> calls = [];
        ConcurrentBag<(IMethodSymbol In, Diagnostic Found)> found = [];
        context.RegisterOperationAction(
            operation =>
            {
                if (types.OwnerOf(operation.Operation, operation.ContainingSymbol) is not { } owner) return;
                if (operation.Operation is IInvocationOperation { TargetMethod: { } target } && IsOfType(target, operation.ContainingSymbol.ContainingType)) calls.Add((owner, target.OriginalDefinition));
                if (ForeignUse.Of(operation.Operation) is { } use)
                    found.Add((owner, Diagnostic.Create(Rule, operation.Operation.Syntax.GetLocation(), use.What, use.Why, use.Instead)));
            },
            OperationKind.Invocation,
            OperationKind.PropertyReference,
            OperationKind.ObjectCreation);
        context.RegisterSymbolEndAction(end =>
        {
            HashSet<IMethodSymbol> onTurn = Reached(calls, found.Select(one => one.In).Concat(calls.Select(call => call.From)).Where(types.IsWorkflowCode));
            foreach ((IMethodSymbol method, Diagnostic diagnostic) in found)
            {
                if (onTurn.Contains(method)) end.ReportDiagnostic(diagnostic);
            }
        });
    }

    private static bool IsOfType(IMethodSymbol method, INamedTypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(method.ContainingType.OriginalDefinition, type.OriginalDefinition);

    /// <summary>The methods themselves, and what they call, directly or not.</summary>
    private static HashSet<IMethodSymbol> Reached(IEnumerable<(IMethodSymbol From, IMethodSymbol To)> calls, IEnumerable<IMethodSymbol> from)
    {
        ILookup<ISymbol?, IMethodSymbol> called = calls.ToLookup(call => call.From, call => call.To, SymbolEqualityComparer.Default);
        HashSet<IMethodSymbol> reached = new(SymbolEqualityComparer.Default);
        Stack<IMethodSymbol> next = new(from);
        while (next.Count > 0)
        {
            IMethodSymbol method = next.Pop();
            if (!reached.Add(method)) continue;
            foreach (IMethodSymbol callee in called[method]) next.Push(callee);
        }

        return reached;
    }
}
