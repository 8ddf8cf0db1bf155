using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Hosting;

/// <summary>What an application's services may have of Sheaf, and in which order: one thing runs its workflows.</summary>
public sealed class RegistrationTests
{
    private readonly ServiceCollection _services = new();
    private readonly Builder _orleans;

    public RegistrationTests() => _orleans = new Builder(_services);

    [Fact]
    public void Silo_AfterTheEmbeddedHost_IsRefused()
    {
        _services.AddSheaf(Same).UseEmbedded();
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => ((ISiloBuilder)_orleans).AddSheaf(Same));
        Assert.Equal("These workflows run in this process already, and cannot run on this silo too. Leave one of the two out, or add them to other services.", refused.Message);
    }

    [Fact]
    public void EmbeddedHost_AfterASilo_IsRefused()
    {
        ((ISiloBuilder)_orleans).AddSheaf(Same);
        Assert.Contains("on this silo already", Assert.Throws<InvalidOperationException>(() => _services.AddSheaf(Same).UseEmbedded()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Client_BesideTheEmbeddedHost_IsRefused()
    {
        _services.AddSheaf(Same).UseEmbedded();
        Assert.Contains("in this process already", Assert.Throws<InvalidOperationException>(() => ((IClientBuilder)_orleans).AddSheaf()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Silo_AddedInSeveralParts_AlsoAsAClient_IsOne()
    {
        SheafBuilder first = ((ISiloBuilder)_orleans).AddSheaf(Same);
        Assert.Same(first, ((ISiloBuilder)_orleans).AddSheaf(Same));
        Assert.Same(first, ((IClientBuilder)_orleans).AddSheaf());
        Assert.Single(_services, service => service.ServiceType == typeof(ClusterHost));
        Assert.Single(_services, service => service.ServiceType == typeof(IWorkflowClient));
    }

    [Fact]
    public void EmbeddedHost_AddedInSeveralParts_IsOne()
    {
        _services.AddSheaf(Same).UseEmbedded();
        _services.AddSheaf(Same).UseEmbedded();
        Assert.Single(_services, service => service.ServiceType == typeof(IWorkflowClient));
    }

    public static TheoryData<Action<SheafSiloOptions>, string> Nonsense => new()
    {
        { options => options.LeaseDuration = TimeSpan.Zero, "SheafSiloOptions.LeaseDuration is 00:00:00: it must be between 00:00:01 and 1.00:00:00. The default is 15 s." },
        { options => options.LeaseDuration = TimeSpan.MaxValue, "SheafSiloOptions.LeaseDuration is " },
        { options => options.SweepPeriod = TimeSpan.MaxValue, "SheafSiloOptions.SweepPeriod is " },
        { options => options.ShutdownTimeout = TimeSpan.FromDays(60), "SheafSiloOptions.ShutdownTimeout is 60.00:00:00: it must be between 00:00:00 and 1.00:00:00. The default is 10 s." },
        { options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan, "SheafSiloOptions.ShutdownTimeout is " },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void SiloOptions_ThatNoTimerTakes_AreRefused(Action<SheafSiloOptions> set, string says)
    {
        SheafSiloOptions options = new();
        set(options);
        OrleansConfigurationException refused = Assert.Throws<OrleansConfigurationException>(() => new SheafSiloOptionsValidator(Options.Create(options), Options.Create(new SiloMessagingOptions()), _services.AddSheaf(Same)).ValidateConfiguration());
        Assert.StartsWith(says, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R1")]
    public void Calls_OfAClient_WaitForTheGrain()
    {
        ((IClientBuilder)_orleans).AddSheafCalls();
        _services.AddSheaf(Same).UseEmbedded();
        using ServiceProvider services = _services.BuildServiceProvider();
        Assert.True(services.GetRequiredService<IOptions<ClientMessagingOptions>>().Value.WaitForCancellationAcknowledgement);
        Assert.Equal("EmbeddedClient", services.GetRequiredService<IWorkflowClient>().GetType().Name);
    }

    private static SheafBuilder Same(SheafBuilder sheaf) => sheaf;

    /// <summary>Orleans' builders, as far as they have services.</summary>
    private sealed class Builder(IServiceCollection services) : ISiloBuilder, IClientBuilder
    {
        public IServiceCollection Services => services;

        public IConfiguration Configuration { get; } = new ConfigurationManager();
    }
}
