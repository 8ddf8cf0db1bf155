using System.Collections.Concurrent;

namespace Sheaf.Cluster.Tests.Calls;

public sealed record CallPlan(string Key, bool Fails);

/// <summary>Calls grains of an application, that fail or not.</summary>
[Workflow("call-grains/v1")]
public sealed class CallGrains : Workflow<CallPlan, string>
{
    public override Task<string> RunAsync(CallPlan input, WorkflowContext workflow) => workflow.GroupAsync(
        "tools",
        async group =>
        {
            if (input.Fails)
            {
                _ = group.Call<IThrower, int[]>($"{input.Key}/many", (grain, _) => grain.FailManyAsync(5));
                _ = group.Call<IThrower>($"{input.Key}/plain", (grain, _) => grain.FailAsync("plain"), name: "named");
            }

            ChildTask<List<string>> echo = group.Call<IThrower, List<string>>($"{input.Key}/echo", (grain, _) => grain.EchoAsync(["a", "b"]));
            return string.Join(',', await echo);
        },
        new WorkflowGroupOptions { Policy = GroupPolicy.CollectAll });
}

[Alias("test.IGuidKeyed")]
public interface IGuidKeyed : IGrainWithGuidKey
{
    [Alias("KeyAsync")]
    Task<string> KeyAsync();
}

[Alias("test.ILongKeyed")]
public interface ILongKeyed : IGrainWithIntegerKey
{
    [Alias("KeyAsync")]
    Task<string> KeyAsync();
}

[Alias("test.IStringKeyed")]
public interface IStringKeyed : IGrainWithStringKey
{
    [Alias("KeyAsync")]
    Task<string> KeyAsync();
}

public sealed class GuidKeyed : Grain, IGuidKeyed
{
    public Task<string> KeyAsync() => Task.FromResult(this.GetPrimaryKey().ToString());
}

public sealed class LongKeyed : Grain, ILongKeyed
{
    public Task<string> KeyAsync() => Task.FromResult(FormattableString.Invariant($"{this.GetPrimaryKeyLong()}"));
}

public sealed class StringKeyed : Grain, IStringKeyed
{
    public Task<string> KeyAsync() => Task.FromResult(this.GetPrimaryKeyString());
}

/// <summary>Calls a grain with each kind of key, with and without a value.</summary>
[Workflow("call-keys/v1")]
public sealed class CallKeys : Workflow<string, string>
{
    private static readonly Guid Id = new("6f2a7d52-9f0c-4c4e-9a55-0d6a0a3f9f01");

    public static string Expected(string kind) => kind switch
    {
        "string" => "s",
        "guid" => Id.ToString(),
        _ => "7",
    };

    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("keys", async group =>
    {
        switch (input)
        {
            case "string":
                await group.Call<IStringKeyed>("s", (grain, _) => grain.KeyAsync());
                return await group.Call<IStringKeyed, string>("s", (grain, _) => grain.KeyAsync());
            case "guid":
                await group.Call<IGuidKeyed>(Id, (grain, _) => grain.KeyAsync());
                return await group.Call<IGuidKeyed, string>(Id, (grain, _) => grain.KeyAsync());
            default:
                await group.Call<ILongKeyed>(7, (grain, _) => grain.KeyAsync());
                return await group.Call<ILongKeyed, string>(7, (grain, _) => grain.KeyAsync());
        }
    });
}

[Alias("test.ICounted")]
public interface ICounted : IGrainWithIntegerKey
{
    /// <summary>Counts its calls. The first waits until its token is signalled.</summary>
    [Alias("CountAsync")]
    Task<int> CountAsync(CancellationToken cancellationToken);
}

[Orleans.Concurrency.Reentrant]
public sealed class Counted : Grain, ICounted
{
    private int _calls;

    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        int call = ++_calls;
        CallTwice.Expect(call).TrySetResult();
        if (call > 1) return call;
        TaskCompletionSource cancelled = new();
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => cancelled.TrySetResult());
        await cancelled.Task;
        throw new OperationCanceledException(cancellationToken);
    }
}

/// <summary>Makes one call, during which the first host is lost.</summary>
[Workflow("call-twice/v1")]
public sealed class CallTwice : Workflow<int, int>
{
    private static readonly ConcurrentDictionary<int, TaskCompletionSource> Arrived = new();

    public static TaskCompletionSource Expect(int call) => Arrived.GetOrAdd(call, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
        workflow.GroupAsync("twice", async group => await group.Call<ICounted, int>(1, (grain, token) => grain.CountAsync(token)));
}
