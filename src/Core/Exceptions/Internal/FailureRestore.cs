using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>Data to exceptions (rule E6). Does not recurse.</summary>
internal static class FailureRestore
{
    internal static Exception Restore(Failure root, FailureTypes types)
    {
        Stack<Open> stack = new();
        stack.Push(new(root));
        while (true)
        {
            Open open = stack.Peek();
            if (open.Children.Count < open.Failure.Inner.Count)
            {
                stack.Push(new(open.Failure.Inner[open.Children.Count]));
                continue;
            }

            stack.Pop();
            Exception exception = Build(open.Failure, open.Children, types);
            if (!stack.TryPeek(out Open? parent)) return exception;
            parent.Children.Add(exception, open.Failure.Origins);
        }
    }

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

        RemoteException remote = new(failure, inner, error);
        if (failure.StackTrace is { } stack) ExceptionDispatchInfo.SetRemoteStackTrace(remote, stack);
        return remote;
    }

    /// <summary>Gives a fresh exception the original's stack and data.</summary>
    private static Exception Complete(Exception fresh, Failure failure)
    {
        foreach ((string key, string value) in failure.Data) fresh.Data[key] = value;
        if (failure.StackTrace is { } stack) ExceptionDispatchInfo.SetRemoteStackTrace(fresh, stack);
        return fresh;
    }

    /// <summary>A failure whose inner failures are being restored.</summary>
    private sealed class Open(Failure failure)
    {
        internal Failure Failure { get; } = failure;

        internal Children Children { get; } = new();
    }
}
