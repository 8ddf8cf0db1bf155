namespace Sheaf;

/// <summary>Work of a child that is an object instead of a delegate: of many children that saves an object each.</summary>
internal interface ILocalWork
{
    /// <summary>Does it; again for each attempt.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
