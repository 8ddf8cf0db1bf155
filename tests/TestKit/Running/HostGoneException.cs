namespace Sheaf.Testing;

/// <summary>What the host of a test did when it was made to crash: it is gone, and so is its journal for it.</summary>
internal sealed class HostGoneException() : IOException("The host was made to crash: nothing of it is written any more.");
