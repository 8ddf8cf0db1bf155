using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Sheaf.Analyzers;

/// <summary>SHEAF001: a group from <c>TaskGroup.Open</c> that is never joined. Disposal cancels its children and cannot throw what they failed with.</summary>
/// <remarks>
/// Reports only what is certain: the group is dropped, or is in a local that neither has <c>JoinAsync</c> called anywhere in the member, nested
/// functions included, nor leaves it (argument, return value, field, another variable).
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnjoinedGroupAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Rule = new(
        "SHEAF001",
        "Join the group",
        "The group is opened and never joined: disposal cancels its children, and their failures are not thrown. Await JoinAsync() when they have been started.",
        "Usage",
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
            if (start.Compilation.GetTypeByMetadataName("Sheaf.TaskGroup") is { } group) start.RegisterOperationAction(operation => Check(operation, group), OperationKind.Invocation);
        });
    }

    private static void Check(OperationAnalysisContext context, INamedTypeSymbol group)
    {
        var open = (IInvocationOperation)context.Operation;
        if (open.TargetMethod.Name != "Open" || !SymbolEqualityComparer.Default.Equals(open.TargetMethod.ContainingType, group)) return;
        bool isJoined = Holder(open) is { } local
            ? References(local, open).Any(JoinsOrLeaves)
            : JoinsOrLeaves(open);
        if (!isJoined) context.ReportDiagnostic(Diagnostic.Create(Rule, open.Syntax.GetLocation()));
    }

    /// <summary>The local that the group goes into; null where it goes elsewhere.</summary>
    private static ILocalSymbol? Holder(IOperation value) => ParentOf(value) switch
    {
        IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator } => declarator.Symbol,
        ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } => target.Local,
        _ => null,
    };

    private static IEnumerable<IOperation> References(ILocalSymbol local, IOperation inside)
    {
        while (inside.Parent is { } parent) inside = parent;
        return inside.Descendants().Where(operation => operation is ILocalReferenceOperation reference && SymbolEqualityComparer.Default.Equals(reference.Local, local));
    }

    /// <summary>Whether this use of the group joins it, or hands it to somebody who may.</summary>
    private static bool JoinsOrLeaves(IOperation use) => ParentOf(use) switch
    {
        IInvocationOperation call => call.TargetMethod.Name == "JoinAsync",
        IMethodReferenceOperation method => method.Method.Name == "JoinAsync",
        IMemberReferenceOperation => false,
        // await using (group.ConfigureAwait(false)) is an extension method's argument, and no more than await using (group).
        IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "ConfigureAwait" } } => false,
        ISimpleAssignmentOperation assignment => assignment.Value.DescendantsAndSelf().Contains(use) && assignment.Target is not IDiscardOperation,
        IUsingOperation or IExpressionStatementOperation => false,
        _ => true,
    };

    /// <summary>What uses a value, past the conversions and parentheses around it.</summary>
    private static IOperation? ParentOf(IOperation value)
    {
        IOperation? parent = value.Parent;
        while (parent is IConversionOperation or IParenthesizedOperation) parent = parent.Parent;
        return parent;
    }
}
