using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Tools;
using Sheaf.Samples.Agent.Workflows;

namespace Sheaf.Samples.Agent;

/// <summary>Registers the agent, the same on every host.</summary>
public static class AgentRegistration
{
    /// <summary>
    /// Adds the workflow, its tools, and the agent's own exceptions, so that they keep their types across processes. Processes that run
    /// tools need a <see cref="DocumentIndex"/> among their services as well, and may have an <see cref="IHeartbeatListener"/>.
    /// </summary>
    public static SheafBuilder AddAgent(this SheafBuilder sheaf)
    {
        sheaf.Services.TryAddSingleton(TimeProvider.System);
        sheaf.Services.TryAddSingleton<IHeartbeatListener, NoHeartbeatListener>();
        return sheaf
            .AddWorkflow<AnswerQuestion>()
            .AddWorker<SearchTool>()
            .AddWorker<CalculatorTool>()
            .AddWorker<HeartbeatTool>()
            .AddAgentExceptions();
    }

    /// <summary>Adds the agent's own exceptions alone: all that a client of a cluster needs.</summary>
    public static SheafBuilder AddAgentExceptions(this SheafBuilder sheaf) => sheaf
        .AddException((message, _) => new SearchException(message))
        .AddException((message, _) => new ComplianceException(message));
}
