using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>Data to exceptions (rule E6). Does not recurse.</summary>
internal static class FailureRestore
{
    internal static Exception Restore(Failure root, FailureTypes types)
    {
        Stack<Open> stack = new();
        stack.Push(new(root, chain: 0));
        while (true)
        {
            Open open = stack.Peek();
            if (open.Children.Count < open.Failure.Inner.Count && !open.IsCut)
            {
                stack.Push(new(open.Failure.Inner[open.Children.Count], open.Failure.IsGroup ? 0 : open.Chain + 1));
                continue;
            }

            stack.Pop();
            Exception exception = open.IsCut ? StandIn(open.Failure, inner: null) : Build(open.Failure, open.Children, types);
            if (!stack.TryPeek(out Open? parent)) return exception;
            parent.Children.Add(exception, open.Failure.Origins);
        }
    }

    /// <summary>A stand-in, whether the type is known or not; only what is inside is made again.</summary>
    internal static RemoteException RestoreAsRemote(Failure root, FailureTypes types) =>
        StandIn(root, root.IsGroup || root.Inner.Count == 0 ? null : Restore(root.Inner[0], types));

    private static Exception Build(Failure failure, Children children, FailureTypes types)
    {
        if (failure.OmittedCount > 0) return new OmittedFailures(failure.TypeName, failure.BaseTypeNames, failure.OmittedCount);
        // One that was a group but has nothing in it cannot be a group here: it is kept as it is.
        if (failure.IsGroup && children.Count > 0) return Complete(new ExceptionGroup(failure.Message, children, failure.Cause), failure);

        Exception? inner = children.Count == 0 ? null : children.Exceptions[0];
        Exception? error = null;
        // An exception has one inner exception; a failure with several is kept as data rather than in part.
        if (!failure.IsGroup && children.Count <= 1 && types.Find(failure.TypeName) is { } factory)
        {
            try
            {
                return Complete(factory(failure, inner) ?? throw new InvalidOperationException("The factory returned null."), failure);
            }
            catch (Exception thrown)
            {
                error = thrown;
            }
        }

        return StandIn(failure, inner, error);
    }

    private static RemoteException StandIn(Failure failure, Exception? inner, Exception? error = null)
    {
        RemoteException remote = new(failure, inner, error);
        if (failure.StackTrace is { } stack) ExceptionDispatchInfo.SetRemoteStackTrace(remote, stack);
        return remote;
    }

    /// <summary>Gives a fresh exception the original's stack and data.</summary>
    internal static T Complete<T>(T fresh, Failure failure)
        where T : Exception
    {
        foreach ((string key, string value) in failure.Data) fresh.Data[key] = value;
        if (failure.StackTrace is { } stack) ExceptionDispatchInfo.SetRemoteStackTrace(fresh, stack);
        return fresh;
    }

    /// <summary>A failure whose inner failures are being restored.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="chain">How many inner exceptions it is below the first of its chain.</param>
    private sealed class Open(Failure failure, int chain)
    {
        internal Failure Failure { get; } = failure;

        internal int Chain { get; } = chain;

        /// <summary>
        /// Whether what is inside stays data. A longer chain than any that is captured comes from a hand-made text, and the runtime's
        /// own <see cref="Exception.ToString"/> recurses as deep as inner exceptions go.
        /// </summary>
        internal bool IsCut => Chain > Failure.MaxInnerDepth && Failure is { IsGroup: false, Inner.Count: > 0 };

        internal Children Children { get; } = new();
    }
}
