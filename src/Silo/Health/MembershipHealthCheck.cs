using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Sheaf.Silo.Health;

/// <summary>Ready means: this silo's own membership row says Active.</summary>
/// <remarks>
/// An open port says too little: a silo listens long before others send it work. Its own opinion says too little as well: one that
/// was declared dead learns of it a few seconds later. So the row is read, once a request, but only by a silo that believes it is Active.
/// </remarks>
internal sealed class MembershipHealthCheck(
    ISiloStatusOracle oracle, IMembershipTable table, StartState state, IHostApplicationLifetime lifetime, TimeProvider time) : IHealthCheck
{
    /// <summary>A table that takes longer to answer is as good as none.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        SiloStatus own = oracle.CurrentStatus;
        if (own != SiloStatus.Active)
            return HealthCheckResult.Unhealthy(state.WaitsFor is { } what ? $"This silo is {own}, and waits for {what}." : $"This silo is {own}.");
        // The row is Active a little before all that starts with the silo has.
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return HealthCheckResult.Unhealthy("This silo is Active, and still starts.");
        MembershipTableData data;
        try
        {
            data = await table.ReadRow(oracle.SiloAddress).WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("The membership table cannot be read.", error);
        }

        SiloStatus row = data.TryGet(oracle.SiloAddress)?.Item1.Status ?? SiloStatus.None;
        return row == SiloStatus.Active
            ? HealthCheckResult.Healthy($"{oracle.SiloAddress} is Active.")
            : HealthCheckResult.Unhealthy($"The membership row of {oracle.SiloAddress} says {row}.");
    }
}
