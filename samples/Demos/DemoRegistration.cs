using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Tools;
using Sheaf.Samples.FanOut.Workers;
using Sheaf.Samples.FolderScan;
using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Samples.Demos;

/// <summary>All that a silo for the demos runs.</summary>
public static class DemoRegistration
{
    /// <summary>Adds the workflows and workers of all samples.</summary>
    /// <param name="sheaf">What <c>AddSheaf</c> gives.</param>
    /// <param name="documents">What the agent searches.</param>
    public static SheafBuilder AddDemos(this SheafBuilder sheaf, DocumentIndex documents)
    {
        sheaf.Services.AddSingleton(documents);
        return sheaf.AddAgent().AddFolderScan().AddFanOut();
    }
}
