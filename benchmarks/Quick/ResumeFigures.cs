using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Benchmarks.Durable;
using Sheaf.Journal;
using Sheaf.Testing;

namespace Sheaf.Benchmarks.Quick;

/// <summary>A long journal after a crash: from the new host's start until its workflow has taken a signal, and until it has ended.</summary>
internal sealed class ResumeFigures : IFigureSet
{
    private const int Children = 100_000;
    private const int Rounds = 5;
    private const double Limit = 2_000;

    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        using (SqliteJournal sqlite = new(store.NewFile())) await MeasureAsync("sqlite", sqlite);
        await using PostgreSqlJournal postgreSql = new(await store.Server.CreateDatabaseAsync());
        await MeasureAsync("postgresql", postgreSql);
    }

    private async Task MeasureAsync(string store, IJournal journal)
    {
        await MeasureAsync($"resume.{store}.start.{Children}", journal, Run.Workflow<SignalledWorkflow>());
        await MeasureAsync($"resume.{store}.map.{Children}", journal, Run.Workflow<SignalledMapWorkflow>());
    }

    private async Task MeasureAsync(string name, IJournal journal, IWorkflowRef<Workflow<int, int>> workflow)
    {
        List<double> answered = [];
        List<double> ended = [];
        for (int round = -1; round < Rounds; round++)
        {
            WorkflowId id = $"resume-{++_runs}";
            await RunToTheWaitAsync(journal, workflow, id);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            long begin = Stopwatch.GetTimestamp();
            await using ServiceProvider services = Store.Embed(journal);
            IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
            await client.SignalAsync(id, SignalledWorkflow.Signal, 1);
            double answer = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            if (await client.ResultAsync<int>(id) != Children + 1) throw new InvalidOperationException("The workflow lost children: the figure would mean nothing.");
            if (round < 0) continue;
            answered.Add(answer);
            ended.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Figures.PrintAtMost($"{name}.answers", Comparison.Median(answered), "ms", Limit);
        Figures.Print($"{name}.ended", Comparison.Median(ended), "ms");
    }

    /// <summary>Runs a workflow on a host that crashes when all children have ended.</summary>
    private static async Task RunToTheWaitAsync(IJournal journal, IWorkflowRef<Workflow<int, int>> workflow, WorkflowId id)
    {
        ProcessJournal process = new(journal);
        await using ServiceProvider services = Store.Embed(process);
        IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
        await client.StartAsync(workflow, id, Children);
        await SignalledWorkflow.WaitsAsync(client, id);
        process.Kill();
    }
}
