using System.Runtime.InteropServices;
using Sheaf.Samples.Agent.Tools;
using Sheaf.Samples.Demos;
using Sheaf.Settings;
using Sheaf.Silo.Clustering;
using Sheaf.Silo.Configuration;
using Sheaf.Silo.Health;

namespace Sheaf.Silo;

/// <summary>The silo's process: reads the settings, runs until it is asked to stop, and says how it went by an exit code.</summary>
/// <remarks>SIGTERM and Ctrl+C stop it gracefully: it leaves the cluster first. A silo that finds itself declared dead ends its process at once.</remarks>
internal static class SiloProgram
{
    /// <summary>The silo was asked to stop, and left.</summary>
    public const int Stopped = 0;

    /// <summary>The silo could not start, or ended by a failure.</summary>
    public const int Failed = 1;

    /// <summary>The configuration makes no sense, or somebody listens at a port of it; nothing was started.</summary>
    public const int ConfigurationError = 2;

    /// <summary>Runs a silo.</summary>
    /// <param name="args">As given to the process: <c>--otel console</c>, and any option as <c>--Sheaf:SiloPort 11112</c>.</param>
    /// <param name="more">Registers what it runs beside the demos; null for nothing.</param>
    /// <returns>The exit code: one of the constants here.</returns>
    public static async Task<int> RunAsync(string[] args, Func<SheafBuilder, SheafBuilder>? more = null)
    {
        using var asked = new CancellationTokenSource();
        // The host listens for signals once it starts; before, they would end the process as if it had been killed.
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        try
        {
            WebApplication app = await BuildAsync(args, more ?? (sheaf => sheaf)).ConfigureAwait(false);
            await using (app.ConfigureAwait(false))
            {
                // Its services are gone when the run has ended.
                (CancellationToken started, CancellationToken stopping) = (app.Lifetime.ApplicationStarted, app.Lifetime.ApplicationStopping);
                try
                {
                    await app.RunAsync(asked.Token).ConfigureAwait(false);
                }
                catch (Exception error) when ((asked.IsCancellationRequested || stopping.IsCancellationRequested) && !started.IsCancellationRequested && IsCancellation(error))
                {
                    // Asked to stop while it still started: it has left all the same.
                }

                return Stopped;
            }
        }
        catch (SettingsException error)
        {
            await Console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ConfigurationError;
        }
        catch (Exception error)
        {
            // The log has it with its stack.
            await Console.Error.WriteLineAsync($"The silo has failed: {error.Message}").ConfigureAwait(false);
            return Failed;
        }

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            try
            {
                asked.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has left already.
            }
        }
    }

    /// <summary>By which stage of the start notices, it is one or the other; several services start at once, and each may.</summary>
    private static bool IsCancellation(Exception error) => error switch
    {
        OperationCanceledException or OrleansLifecycleCanceledException => true,
        AggregateException several => several.InnerExceptions.All(IsCancellation),
        _ => false,
    };

    private static async Task<WebApplication> BuildAsync(string[] args, Func<SheafBuilder, SheafBuilder> more)
    {
        // The settings lie beside the program, wherever it is started from.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        SiloSettings settings = SiloSettings.Read(builder.Configuration);
        SiloPorts.ThrowIfTaken(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        // Health is served while the silo still joins.
        builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
        builder.AddSiloHealth(settings);
        builder.Services.AddSheafTelemetry(settings, builder.Configuration, "sheaf-silo", settings.SiloName);
        DocumentIndex documents = await DocumentIndex.BuildAsync(DocumentIndex.DefaultFolder).ConfigureAwait(false);
        builder.UseOrleans(silo =>
        {
            silo.UseClustering(settings);
            silo.AddActivityPropagation();
            AddWorkflows(silo, settings, sheaf => more(sheaf.AddDemos(documents)));
        });
        WebApplication app = builder.Build();
        app.MapSiloHealth();
        return app;
    }

    /// <summary>Workflows, workers and their journal are registered here, and nowhere else.</summary>
    private static void AddWorkflows(ISiloBuilder silo, SiloSettings settings, Func<SheafBuilder, SheafBuilder> workflows)
    {
        SheafBuilder sheaf = silo.AddSheaf(workflows);
        // Without a database it stays in memory, which SiloSettings says the limits of.
        // Else it is in the schema that membership is in.
        if (settings.ConnectionString is not null) sheaf.UsePostgreSqlJournal(settings.DatabaseConnectionString);
    }
}
