namespace Sheaf.Engine;

/// <summary>The workflow's object could not be made: no failure of the workflow, which is stuck until that is mended (D3).</summary>
internal sealed class CodeNotMadeException(string message, Exception innerException) : Exception(message, innerException);
