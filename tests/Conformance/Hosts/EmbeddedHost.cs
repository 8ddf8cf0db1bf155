using Microsoft.Extensions.DependencyInjection;
using Sheaf.Hosting;
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
        private readonly Microsoft.Extensions.Hosting.IHostedService[] _hosted = [.. services.GetServices<Microsoft.Extensions.Hosting.IHostedService>()];

        public override IWorkflowClient Client => services.GetRequiredService<IWorkflowClient>();

        public override int InMemory => Workflows.InMemory;

        private WorkflowOwner Workflows => services.GetRequiredService<Sheaf.Embedded.EmbeddedHost>().Workflows;

        public override Task LetGoAsync(WorkflowId id) => Workflows.Find(id)?.WhenLetGo ?? Task.CompletedTask;

        public async Task StartAsync()
        {
            foreach (Microsoft.Extensions.Hosting.IHostedService service in _hosted) await service.StartAsync(CancellationToken.None);
        }

        public override Task StopAsync() => services.DisposeAsync().AsTask();

        public override async ValueTask DisposeAsync()
        {
            foreach (Microsoft.Extensions.Hosting.IHostedService service in _hosted) await service.StopAsync(new CancellationToken(canceled: true));
            await services.DisposeAsync();
        }
    }
}
