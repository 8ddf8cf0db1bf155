namespace Sheaf;

/// <summary>Exceptions to data (rule E5). Does not recurse, and trusts no member of the exceptions that it reads.</summary>
internal static class FailureCapture
{
    private const string Ring = "<cut: this exception is already above, in its own inner exceptions>";

    private static readonly string TooDeep = $"<cut: more than {Failure.MaxInnerDepth} inner exceptions deep>";

    /// <summary>Reads an exception with everything inside it.</summary>
    /// <param name="root">The exception.</param>
    /// <param name="known">
    /// What stands for an exception whose failure the caller has already, given its origins; null where it has none. Asked for
    /// children of groups, and for groups wherever they are: else a chain could become longer than is kept.
    /// </param>
    internal static Failure Capture(Exception root, Func<Exception, IReadOnlyList<FailureOrigin>, Failure?>? known = null)
    {
        if (Whole(root, []) is { } whole) return whole;
        Stack<Open> stack = new();
        // The exceptions between the root and the one being read: reflection can close a chain of inner exceptions to a ring.
        HashSet<Exception> above = new(ReferenceEqualityComparer.Instance);
        Push(new(root, [], chain: 0));
        while (true)
        {
            Open open = stack.Peek();
            if (open.Next < open.ChildCount)
            {
                (Exception child, IReadOnlyList<FailureOrigin> origins) = open.TakeNext();
                int chain = open.IsGroup ? 0 : open.Chain + 1;
                if (above.Contains(child)) open.Children.Add(Mark(child, origins, Ring));
                else if (chain > Failure.MaxInnerDepth) open.Children.Add(Mark(child, origins, TooDeep));
                else if ((chain == 0 || GroupTree.IsGroup(child)) && known?.Invoke(child, origins) is { } place) open.Children.Add(place);
                else if (Whole(child, origins) is { } done) open.Children.Add(done);
                else Push(new(child, origins, chain));
                continue;
            }

            stack.Pop();
            above.Remove(open.Exception);
            Failure failure = Read(open);
            if (!stack.TryPeek(out Open? parent)) return failure;
            parent.Children.Add(failure);
        }

        void Push(Open open)
        {
            stack.Push(open);
            above.Add(open.Exception);
        }
    }

    /// <summary>What stands for failures that were data before is that data again.</summary>
    private static Failure? Whole(Exception exception, IReadOnlyList<FailureOrigin> origins) => exception switch
    {
        RemoteException remote => origins.Count == 0 ? remote.Failure : remote.Failure with { Origins = origins },
        OmittedFailures omitted => new()
        {
            TypeName = omitted.TypeName,
            BaseTypeNames = omitted.BaseTypeNames,
            Message = omitted.Message,
            OmittedCount = omitted.Count,
            Origins = origins,
        },
        _ => null,
    };

    private static Failure Read(Open open)
    {
        Exception exception = open.Exception;
        TypeNames type = TypeNames.Of(exception.GetType());
        string message = open.IsGroup ? GroupTree.TitleOf((AggregateException)exception) : SafeText.Message(exception);
        return new()
        {
            TypeName = type.Name,
            BaseTypeNames = type.BaseNames,
            Message = SafeText.Cut(message, Failure.MaxMessageLength),
            StackTrace = SafeText.StackTrace(exception) is { } stack ? SafeText.Cut(stack, Failure.MaxStackTraceLength) : null,
            Data = SafeText.Data(exception),
            Inner = open.Children,
            Origins = open.Origins,
            IsGroup = open.IsGroup,
            Cause = (exception as ExceptionGroup)?.Cause,
        };
    }

    private static Failure Mark(Exception exception, IReadOnlyList<FailureOrigin> origins, string message)
    {
        TypeNames type = TypeNames.Of(exception);
        return new() { TypeName = type.Name, BaseTypeNames = type.BaseNames, Message = message, Origins = origins };
    }

    /// <summary>An exception whose children are being read.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="origins">Its origins in the group around it.</param>
    /// <param name="chain">How many inner exceptions it is below the first of its chain.</param>
    private sealed class Open(Exception exception, IReadOnlyList<FailureOrigin> origins, int chain)
    {
        internal Exception Exception { get; } = exception;

        internal IReadOnlyList<FailureOrigin> Origins { get; } = origins;

        internal int Chain { get; } = chain;

        internal bool IsGroup { get; } = GroupTree.IsGroup(exception);

        internal List<Failure> Children { get; } = [];

        internal int Next { get; private set; }

        internal int ChildCount =>
            IsGroup ? ((AggregateException)Exception).InnerExceptions.Count : Exception.InnerException is null ? 0 : 1;

        internal (Exception Child, IReadOnlyList<FailureOrigin> Origins) TakeNext()
        {
            int index = Next++;
            if (!IsGroup) return (Exception.InnerException!, []);
            var group = (AggregateException)Exception;
            return (group.InnerExceptions[index], GroupTree.OriginsAt(group, index));
        }
    }
}
