using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Calls;

namespace Sheaf;

/// <summary>Calls to existing grains as children of durable task groups.</summary>
/// <remarks>
/// <para>
/// <b>Such a call cannot be fenced, nor re-attached to.</b> It is a step: its outcome is journaled once, but the call itself happens at
/// least once. A workflow that is resumed while a call is under way calls the grain again, while the first call may still run; a
/// callee that has to notice must do so by itself, such as by an idempotency key among its arguments. For work that is fenced and
/// re-attached to, write a <see cref="Worker{TIn, TOut}"/>.
/// </para>
/// <para>
/// Whatever the grain throws arrives, whether Orleans could serialize it or not (rules E5, E6): with type name, message, stack trace,
/// data and inner exceptions, and all of the failures of a task that has several; fields that are the exception's own do not, as they
/// do not in the journal. The callee's silo needs Sheaf for that: from a silo without it an exception arrives as Orleans brings it,
/// and so does what happens before the grain's method, such as an activation that fails. Only the grain that the delegate is given is called so; other grains that
/// it calls, and those that the callee calls, are called as ever.
/// </para>
/// <para>
/// Pass the token on to the grain's method: it is signalled when the group is cancelled. Where the call ended is where cancellation is
/// judged (rule R4): it counts as cancelled only if the grain's method threw <see cref="OperationCanceledException"/> after that. A
/// grain that ignores the token, or whose method takes none, is waited for, as long as Orleans' response timeout allows. On the embedded host that takes
/// <c>AddSheafCalls()</c> on its Orleans client.
/// </para>
/// </remarks>
public static class GrainCallExtensions
{
    /// <summary>Calls a grain with a string key.</summary>
    /// <typeparam name="TGrain">The grain's interface.</typeparam>
    /// <typeparam name="T">The type of the value; it is journaled as JSON.</typeparam>
    /// <param name="group">The group that the call is a child of.</param>
    /// <param name="key">The grain's key.</param>
    /// <param name="call">
    /// Makes the call; it runs off the workflow's turn. What the grain threw is a <see cref="RemoteException"/> inside it, and the
    /// original type again, where that is known, after it.
    /// </param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults. Its retry policy may have a predicate.</param>
    /// <param name="name">
    /// The child's name; <see langword="null"/> for the interface's name and the key. It is journaled: give one where the interface may
    /// be renamed while workflows run.
    /// </param>
    /// <returns>The handle. The grain is called once the start is journaled (rule D4).</returns>
    /// <remarks>
    /// Without an <see cref="IGrainFactory"/> among the services of the workflow's host the child fails with
    /// <see cref="InvalidOperationException"/>.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The group is cancelled: nothing was started (rule R2).</exception>
    /// <exception cref="InvalidOperationException">The group has ended: nothing was started (rule R2).</exception>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of its range.</exception>
    public static ChildTask<T> Call<TGrain, T>(this WorkflowGroup group, string key, Func<TGrain, CancellationToken, Task<T>> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Start(group, name, key, grains => grains.GetGrain<TGrain>(key), call, options);
    }

    /// <summary>Calls a grain with a <see cref="Guid"/> key.</summary>
    /// <inheritdoc cref="Call{TGrain, T}(WorkflowGroup, string, Func{TGrain, CancellationToken, Task{T}}, ChildOptions?, string?)"/>
    public static ChildTask<T> Call<TGrain, T>(this WorkflowGroup group, Guid key, Func<TGrain, CancellationToken, Task<T>> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithGuidKey => Start(group, name, key.ToString(), grains => grains.GetGrain<TGrain>(key), call, options);

    /// <summary>Calls a grain with an integer key.</summary>
    /// <inheritdoc cref="Call{TGrain, T}(WorkflowGroup, string, Func{TGrain, CancellationToken, Task{T}}, ChildOptions?, string?)"/>
    public static ChildTask<T> Call<TGrain, T>(this WorkflowGroup group, long key, Func<TGrain, CancellationToken, Task<T>> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithIntegerKey => Start(group, name, key.ToString(CultureInfo.InvariantCulture), grains => grains.GetGrain<TGrain>(key), call, options);

    /// <summary>Calls a grain with a string key, without a value.</summary>
    /// <inheritdoc cref="Call{TGrain, T}(WorkflowGroup, string, Func{TGrain, CancellationToken, Task{T}}, ChildOptions?, string?)"/>
    public static ChildTask Call<TGrain>(this WorkflowGroup group, string key, Func<TGrain, CancellationToken, Task> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Start(group, name, key, grains => grains.GetGrain<TGrain>(key), call, options);
    }

    /// <summary>Calls a grain with a <see cref="Guid"/> key, without a value.</summary>
    /// <inheritdoc cref="Call{TGrain, T}(WorkflowGroup, string, Func{TGrain, CancellationToken, Task{T}}, ChildOptions?, string?)"/>
    public static ChildTask Call<TGrain>(this WorkflowGroup group, Guid key, Func<TGrain, CancellationToken, Task> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithGuidKey => Start(group, name, key.ToString(), grains => grains.GetGrain<TGrain>(key), call, options);

    /// <summary>Calls a grain with an integer key, without a value.</summary>
    /// <inheritdoc cref="Call{TGrain, T}(WorkflowGroup, string, Func{TGrain, CancellationToken, Task{T}}, ChildOptions?, string?)"/>
    public static ChildTask Call<TGrain>(this WorkflowGroup group, long key, Func<TGrain, CancellationToken, Task> call, ChildOptions? options = null, string? name = null)
        where TGrain : IGrainWithIntegerKey => Start(group, name, key.ToString(CultureInfo.InvariantCulture), grains => grains.GetGrain<TGrain>(key), call, options);

    private static ChildTask<T> Start<TGrain, T>(WorkflowGroup group, string? name, string key, Func<IGrainFactory, TGrain> find, Func<TGrain, CancellationToken, Task<T>> call, ChildOptions? options)
        where TGrain : IAddressable
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(call);
        string child = name ?? $"{typeof(TGrain).Name}/{key}";
        return group.Step(child, token => MarkedCall.InvokeAsync(child, find(GrainsOf(group, child)), call, group.FailureTypes, token), options);
    }

    private static ChildTask Start<TGrain>(WorkflowGroup group, string? name, string key, Func<IGrainFactory, TGrain> find, Func<TGrain, CancellationToken, Task> call, ChildOptions? options)
        where TGrain : IAddressable
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(call);
        string child = name ?? $"{typeof(TGrain).Name}/{key}";
        return group.Step(child, token => MarkedCall.InvokeAsync(child, find(GrainsOf(group, child)), call, group.FailureTypes, token), options);
    }

    // Asked for inside the step: a host without Orleans is the child's failure, and so journaled; thrown into the workflow's code it
    // would be a difference from the journal wherever the workflow is resumed on a host that has it.
    private static IGrainFactory GrainsOf(WorkflowGroup group, string child) =>
        group.Services?.GetService<IGrainFactory>()
        ?? throw new InvalidOperationException(
            $"Child '{child}' calls a grain, and the workflow's host has no IGrainFactory. Run the host in a silo (siloBuilder), or add an Orleans client to its services: hostBuilder.UseOrleansClient(client => client.AddSheafCalls()).");
}
