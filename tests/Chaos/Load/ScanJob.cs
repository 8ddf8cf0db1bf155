using Sheaf.Samples.FolderScan.Workflows;

namespace Sheaf.Chaos.Load;

/// <summary>A scan of a folder, a few of its files a child.</summary>
internal sealed class ScanJob(WorkflowId id, string folder, int files, int filesPerChild) : Job(id)
{
    public override string What => $"scan of {files} files, {filesPerChild} a child";

    protected override int Leaves => 1 + ((files + filesPerChild - 1) / filesPerChild);

    protected override async Task<string?> AskAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        FolderFindings found = await client.RunAsync(Run.Workflow<ScanFolder>(), Id, new FolderToScan(folder, filesPerChild), CancellationToken.None).WaitAsync(cancellationToken);
        return Compare((files, 0L), ((int)found.Totals.Files, found.Totals.Failed));
    }
}
