using System.CommandLine;

namespace Sheaf.Client.Commands;

/// <summary><c>audit</c>: children that run though their group is gone.</summary>
internal static class AuditCommand
{
    public static Command Create(CommandHost host)
    {
        var running = new Option<bool>("--running") { Description = "Lists every child that runs, wanted or not." };
        var command = new Command("audit", "Lists children that run though their group is gone: there should be none. Exit code 3 if there are.") { running };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            IReadOnlyList<RunningChild> orphans = await cluster.Cluster.AuditAsync(interruption);
            if (arguments.GetValue(running))
            {
                foreach (RunningChild child in await cluster.Cluster.GetRunningAsync(interruption))
                    await host.Around.Output.WriteLineAsync($"{child.WorkflowId}  child {child.Child}  delivery {child.Delivery}  silo {child.Silo}");
            }

            foreach (RunningChild orphan in orphans)
                await host.Around.Output.WriteLineAsync($"orphan: {orphan.WorkflowId}  child {orphan.Child}  delivery {orphan.Delivery}  silo {orphan.Silo}");
            await host.Around.Output.WriteLineAsync($"{orphans.Count} orphans");
            return orphans.Count == 0 ? ClientProgram.Done : ClientProgram.SomeFailed;
        });
        return command;
    }
}
