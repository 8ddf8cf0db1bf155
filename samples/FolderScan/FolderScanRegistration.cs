using Microsoft.Extensions.DependencyInjection.Extensions;
using Sheaf.Samples.FolderScan.Workflows;

namespace Sheaf.Samples.FolderScan;

/// <summary>Registers the scan as a workflow, the same on every host.</summary>
public static class FolderScanRegistration
{
    /// <summary>Adds the workflow and its workers.</summary>
    public static SheafBuilder AddFolderScan(this SheafBuilder sheaf)
    {
        sheaf.Services.TryAddSingleton(TimeProvider.System);
        return sheaf.AddWorkflow<ScanFolder>().AddWorker<ListFiles>().AddWorker<ScanFiles>();
    }
}
