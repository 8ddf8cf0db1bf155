using System.Globalization;

namespace Sheaf.Engine;

/// <summary>A child's id within its workflow: the scope that it was started in, and its place there.</summary>
/// <param name="Scope">The scope's number, in the order of opening; 0 is the workflow itself.</param>
/// <param name="Ordinal">The child's place in its scope, from 0.</param>
/// <remarks>Ids come from the lexical scope, so that the same code gives the same ids however its awaits interleave.</remarks>
internal readonly record struct ChildId(int Scope, int Ordinal)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scope}.{Ordinal}");
}
