using System.Diagnostics;

namespace Sheaf;

/// <summary>
/// The scope that owns children and ends after all of them. A child that fails cancels its siblings, and every failure
/// comes back as one <see cref="ExceptionGroup"/>.
/// </summary>
/// <remarks>
/// <para>
/// <see cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)"/> returns or throws only after
/// the body and every child have ended (rule R1). <see cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
/// runs a child on the caller's thread up to its first wait, as any async method: a child that blocks its thread blocks
/// the starter, so give such work to <c>Task.Run</c> inside the child. A child that had to wait for
/// <see cref="TaskGroupOptions.MaxConcurrency"/> begins on the thread pool, in the execution context of its start; so does
/// one whose starter has too little stack left, at the end of a long chain of children that each start the next.
/// </para>
/// <para>
/// All members are thread-safe: children, and any thread that holds the group, may start children and cancel.
/// Nothing is stored: when the process ends, so does the group. Workflows are the durable form.
/// </para>
/// </remarks>
[DebuggerDisplay("{_scope.DisplayName,nq} (ended: {_scope.HasEnded}, cause: {_scope.Cause})")]
public sealed partial class TaskGroup : IAsyncDisposable
{
    private readonly GroupScope _scope;

    private TaskGroup(GroupScope scope) => _scope = scope;

    /// <summary>
    /// Signalled when the group is cancelled, whatever the cause. The token given to a child is this one, unless an attempt
    /// has a timeout of its own.
    /// </summary>
    /// <remarks>
    /// Callbacks on it run on the thread pool, and the group ends after them: one that blocks holds up that end, not who
    /// cancels. What they throw is a failure of the group, under every policy (rule C1).
    /// </remarks>
    public CancellationToken CancellationToken => _scope.Token;

    /// <summary>What cancelled the group (rule C1); <see langword="null"/> while nothing has.</summary>
    public CancellationCause? Cause => _scope.Cause;

    /// <summary>How each child that has ended did so, in the order of starting (rule R10). Complete once the group has ended.</summary>
    public IReadOnlyList<Outcome> Outcomes => [.. _scope.Children().Where(child => child.Handle.HasEnded).Select(child => child.Handle.UntypedOutcome)];

    /// <summary>How many abandoned children have ended since (rule R9); also after the group's end.</summary>
    public int LateCount => _scope.LateCount;

    /// <summary>Runs a group whose body returns a value.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="body">Starts children and makes the value of theirs. It is interrupted through the handles it awaits and <see cref="CancellationToken"/>.</param>
    /// <param name="options">How the group behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the group from outside. If it is signalled already, the body is not run, unless <see cref="TaskGroupOptions.Shield"/> holds it back.</param>
    /// <returns>The body's value, once every child has ended too.</returns>
    /// <exception cref="ExceptionGroup">Children failed, or the body (rule R3): all failures, in their order, the body's last.</exception>
    /// <exception cref="OperationCanceledException">The token was signalled, and nothing failed (rule R5).</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed, and nothing failed (rule R7).</exception>
    /// <exception cref="GroupCancelledException">The group cancelled itself before there was a value (rule R6).</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static Task<T> RunAsync<T>(Func<TaskGroup, Task<T>> body, TaskGroupOptions? options = null, CancellationToken cancellationToken = default) =>
        RunValueAsync<T>(body ?? throw new ArgumentNullException(nameof(body)), Open(options, parent: null), cancellationToken);

    /// <summary>Runs a group whose body returns nothing.</summary>
    /// <param name="body">Starts children. It is interrupted through the handles it awaits and <see cref="CancellationToken"/>.</param>
    /// <param name="options">How the group behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the group from outside. If it is signalled already, the body is not run.</param>
    /// <returns>A task that ends after the body and every child. It ends cleanly where the group cancelled itself (rule R6).</returns>
    /// <exception cref="ExceptionGroup">Children failed, or the body (rule R3): all failures, in their order, the body's last.</exception>
    /// <exception cref="OperationCanceledException">The token was signalled, and nothing failed (rule R5).</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed, and nothing failed (rule R7).</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static Task RunAsync(Func<TaskGroup, Task> body, TaskGroupOptions? options = null, CancellationToken cancellationToken = default) =>
        RunVoidAsync(body ?? throw new ArgumentNullException(nameof(body)), Open(options, parent: null), cancellationToken);

    /// <summary>
    /// As <see cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)"/>, but a group that cancels
    /// itself ends with a result instead of an exception, and the outcomes come along (rule R6).
    /// </summary>
    /// <inheritdoc cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)"/>
    public static Task<GroupResult<T>> TryRunAsync<T>(Func<TaskGroup, Task<T>> body, TaskGroupOptions? options = null, CancellationToken cancellationToken = default) =>
        TryRunValueAsync<T>(body ?? throw new ArgumentNullException(nameof(body)), Open(options, parent: null), cancellationToken);

    /// <summary>
    /// Opens a group without a body, for <c>await using</c>. Whoever opens it must await <see cref="JoinAsync"/>: disposal
    /// without it cancels the children and waits for them, and cannot throw what they failed with.
    /// </summary>
    /// <param name="options">How the group behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the group from outside.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static TaskGroup Open(TaskGroupOptions? options = null, CancellationToken cancellationToken = default)
    {
        TaskGroup group = Open(options, parent: null);
        group._openForm = new OpenForm(new GroupWatch(group._scope, cancellationToken), cancellationToken);
        return group;
    }

    /// <summary>Starts a child with a value.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="name">The child's name, for messages, outcomes and traces. Several children may share one; the ordinal tells them apart.</param>
    /// <param name="work">The work. Its token is signalled when the group is cancelled.</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults.</param>
    /// <returns>The handle. The child may have ended already.</returns>
    /// <exception cref="OperationCanceledException">The group is cancelled, or was when it ended: nothing was started (rule R2).</exception>
    /// <exception cref="InvalidOperationException">The group has ended without being cancelled: nothing was started (rule R2).</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or an option is out of its range.</exception>
    public ChildTask<T> Start<T>(string name, Func<CancellationToken, Task<T>> work, ChildOptions? options = null) =>
        StartCore<T>(CheckName(name), work, options);

    /// <summary>Starts a child with a value and without a name: it is called <c>#</c> and its ordinal.</summary>
    /// <inheritdoc cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask<T> Start<T>(Func<CancellationToken, Task<T>> work, ChildOptions? options = null) =>
        StartCore<T>(null, work, options);

    /// <summary>Starts a child without a value.</summary>
    /// <inheritdoc cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask Start(string name, Func<CancellationToken, Task> work, ChildOptions? options = null) =>
        StartCore<Nothing>(CheckName(name), work, options);

    /// <summary>Starts a child without a value and without a name: it is called <c>#</c> and its ordinal.</summary>
    /// <inheritdoc cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask Start(Func<CancellationToken, Task> work, ChildOptions? options = null) =>
        StartCore<Nothing>(null, work, options);

    /// <summary>
    /// Opens a group inside this one (rule R8): this one's cancellation goes down into it, with its cause, and its exception
    /// group comes up with its structure. It is an isolated child: who awaits it gets its failures, and only if nobody does
    /// they count here.
    /// </summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="name">The nested group's name.</param>
    /// <param name="body">As for <see cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)"/>.</param>
    /// <param name="options">As there; name and clock are taken from here and from this group.</param>
    /// <returns>The handle of the nested group.</returns>
    /// <inheritdoc cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)" path="/exception"/>
    public ChildTask<T> GroupAsync<T>(string name, Func<TaskGroup, Task<T>> body, TaskGroupOptions? options = null)
    {
        TaskGroup nested = OpenNested(name, body, options);
        return _scope.Start<T>(name, token => RunValueAsync<T>(body, nested, token), ChildOptions.IsolatedDefault, isGroup: true, isShielded: nested._scope.Options.Shield is not null);
    }

    /// <summary>Opens a group without a value inside this one (rule R8).</summary>
    /// <inheritdoc cref="GroupAsync{T}(string, Func{TaskGroup, Task{T}}, TaskGroupOptions?)"/>
    public ChildTask GroupAsync(string name, Func<TaskGroup, Task> body, TaskGroupOptions? options = null)
    {
        TaskGroup nested = OpenNested(name, body, options);
        return _scope.Start<Nothing>(name, token => RunVoidAsync(body, nested, token), ChildOptions.IsolatedDefault, isGroup: true, isShielded: nested._scope.Options.Shield is not null);
    }

    /// <summary>
    /// Cancels the group's children and interrupts its body (rule R6). The group absorbs this cancellation and nothing else:
    /// failures still throw. Only the first cancellation of a group, whoever asks, has an effect.
    /// </summary>
    /// <param name="reason">Why, for people; it becomes the <see cref="CancellationCause.Reason"/>.</param>
    /// <remarks>Returns at once: callbacks on the token run on the thread pool. Legal at any time, also after the end.</remarks>
    public void Cancel(string? reason = null) =>
        _scope.Cancel(CancelSource.Own, new(CancellationCauseKind.Requested, reason, _scope.Options.Name, _scope.Time.GetUtcNow()));

    /// <summary>Starts a child without a value, whose name is the text of its work: made where somebody reads it, which of most children nobody does.</summary>
    internal ChildTask StartLazilyNamed(ILocalWork work, ChildOptions? options) => _scope.Start<Nothing>(work, options);

    private static TaskGroup Open(TaskGroupOptions? options, GroupScope? parent, bool keepsChildren = true)
    {
        options ??= TaskGroupOptions.Default;
        options.Validate();
        return new TaskGroup(new GroupScope(options, parent, keepsChildren));
    }

    private static string CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return name;
    }

    private LocalChild<T> StartCore<T>(object? name, Func<CancellationToken, Task> work, ChildOptions? options)
    {
        ArgumentNullException.ThrowIfNull(work);
        options?.Retry?.Validate();
        return _scope.Start<T>(name, work, options);
    }

    private TaskGroup OpenNested(string name, Delegate body, TaskGroupOptions? options)
    {
        CheckName(name);
        ArgumentNullException.ThrowIfNull(body);
        return Open((options ?? TaskGroupOptions.Default) with { Name = name, TimeProvider = _scope.Time }, _scope);
    }
}
