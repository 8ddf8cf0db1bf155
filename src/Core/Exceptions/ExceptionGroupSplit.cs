namespace Sheaf;

/// <summary>
/// The two halves of a split exception group (rule E2); <c>var (matched, rest) = group.Split&lt;IOException&gt;()</c> takes it apart. A
/// type of its own, since C# allows no tuple element of the name Rest.
/// </summary>
/// <param name="Matched">The part that matched: the group itself where all did, null where none did.</param>
/// <param name="Rest">The other part, likewise.</param>
public readonly record struct ExceptionGroupSplit(ExceptionGroup? Matched, ExceptionGroup? Rest);
