using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Sheaf.Analyzers.Tests;

/// <summary>Compiles a piece of code against the real Sheaf and runs analyzers over it.</summary>
internal static class Code
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using Sheaf;

        """;

    private static readonly ImmutableArray<MetadataReference> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>What the analyzer reports: <c>the code: its message</c>, in the order of the code.</summary>
    public static async Task<string[]> ReportsOfAsync(this DiagnosticAnalyzer analyzer, string code, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(Usings + code);
        var compilation = CSharpCompilation.Create("Code", [tree], References, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
        Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(diagnostic => diagnostic.ToString()));

        // An analyzer that throws is reported as AD0001, among the rest.
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers([analyzer]).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return [.. found.OrderBy(one => one.Location.SourceSpan.Start).Select(one => $"{one.Id} {tree.GetText(TestContext.Current.CancellationToken).ToString(one.Location.SourceSpan)}: {one.GetMessage()}")];
    }
}
