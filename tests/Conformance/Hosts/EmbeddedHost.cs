using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>Plans as workflows in this process.</summary>
public sealed class EmbeddedHost : DurableHost
{
    public override Capabilities Capabilities => Capabilities.Durable | Capabilities.Fenced | Capabilities.CanAbandon | Capabilities.LeavesAlone;

    public override async Task<HostProcess> StartProcessAsync(IJournal journal, TimeProvider time, Func<SheafBuilder, SheafBuilder> configure)
    {
        ServiceCollection services = new();
        services.AddSingleton(time);
        services.AddSheaf(configure).UseEmbedded(journal);
        Process process = new(services.BuildServiceProvider());
        await process.StartAsync();
        return process;
    }

    private sealed class Process(ServiceProvider services) : HostProcess
    {
        public override IWorkflowClient Client => services.GetRequiredService<IWorkflowClient>();

        public async Task StartAsync()
        {
            foreach (Microsoft.Extensions.Hosting.IHostedService service in services.GetServices<Microsoft.Extensions.Hosting.IHostedService>())
                await service.StartAsync(CancellationToken.None);
        }

        public override ValueTask DisposeAsync() => services.DisposeAsync();
    }
}
