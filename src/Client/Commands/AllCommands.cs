using System.CommandLine;
using Sheaf.Client.Connection;

namespace Sheaf.Client.Commands;

/// <summary>The tree of commands.</summary>
internal static class AllCommands
{
    private const string Help =
        """
        Starts, shows, cancels and deletes workflows on a cluster. Results go to standard output, progress and errors to standard error.
        Ctrl+C cancels the workflow that the command runs, waits for its end and says what was cancelled; a second one leaves at once.
        Exit codes: 0 done, 1 no cluster answers or the workflow is stuck, 2 usage error, 3 some or all of it failed, 130 cancelled.
        """;

    /// <summary>Every command, on a running cluster and below <c>local</c>.</summary>
    public static RootCommand Create(ClientSurroundings around)
    {
        var options = new ConnectionOptions();
        var root = new RootCommand(Help);
        options.AddTo(root);
        AddTo(root, new CommandHost(new RunningCluster(options, around), around));

        var cluster = new LocalCluster(options, around);
        var local = new Command("local", "Runs a command on a cluster that is started inside this program: local --silos 3 COMMAND …")
        {
            cluster.Silos, cluster.JournalFile,
        };
        AddTo(local, new CommandHost(cluster, around));
        root.Subcommands.Add(local);
        return root;
    }

    private static void AddTo(Command parent, CommandHost host)
    {
        parent.Subcommands.Add(AgentCommand.Create(host));
        parent.Subcommands.Add(FolderScanCommand.Create(host));
        parent.Subcommands.Add(FanOutCommand.Create(host));
        parent.Subcommands.Add(CancelCommand.Create(host));
        parent.Subcommands.Add(RetryCommand.Create(host));
        parent.Subcommands.Add(TerminateCommand.Create(host));
        parent.Subcommands.Add(ShowCommand.Create(host));
        parent.Subcommands.Add(ListCommand.Create(host));
        parent.Subcommands.Add(WatchCommand.Create(host));
        parent.Subcommands.Add(AuditCommand.Create(host));
        parent.Subcommands.Add(PurgeCommand.Create(host));
    }
}
