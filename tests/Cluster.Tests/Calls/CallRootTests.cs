using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;
using Sheaf.Calls;

namespace Sheaf.Cluster.Tests.Calls;

public sealed class CallRootTests
{
    [Fact]
    [Trait("Rule", "R3")]
    public void For_KindOfRequestThatIsNotKnown_IsNull() => Assert.Null(CallRoot.For(new ForeignRequest()));

    [Fact]
    [Trait("Rule", "R3")]
    public async Task For_RequestOfATask_GivesTheMethodsOwnTask()
    {
        Task<int> own = Task.FromException<int>(new FormatException("own"));

        CallRoot root = Assert.IsAssignableFrom<CallRoot>(CallRoot.For(new OwnTask(own)));

        Assert.Same(own, root.Start(new OwnTask(own)));
        await Assert.ThrowsAsync<FormatException>(() => own);
    }

    private sealed class ForeignRequest : RequestBase
    {
        public override object GetTarget() => this;

        public override void SetTarget(ITargetHolder holder)
        {
        }

        public override void Dispose()
        {
        }

        public override string GetMethodName() => "M";

        public override string GetInterfaceName() => "I";

        public override string GetActivityName() => "A";

        public override Type GetInterfaceType() => typeof(ForeignRequest);

        public override MethodInfo GetMethod() => throw new NotSupportedException();

        public override ValueTask<Response> Invoke() => new(Response.Completed);
    }

    private sealed class OwnTask(Task<int> task) : TaskRequest<int>
    {
        public override object GetTarget() => this;

        public override void SetTarget(ITargetHolder holder)
        {
        }

        public override void Dispose()
        {
        }

        public override string GetMethodName() => "M";

        public override string GetInterfaceName() => "I";

        public override string GetActivityName() => "A";

        public override Type GetInterfaceType() => typeof(OwnTask);

        public override MethodInfo GetMethod() => throw new NotSupportedException();

        protected override Task<int> InvokeInner() => task;
    }
}
