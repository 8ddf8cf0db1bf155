namespace Sheaf.Samples.Agent.Tools;

/// <summary>Evaluates an expression. Fails as <see cref="Calculator.Evaluate"/> does.</summary>
[Worker("calculate/v1")]
public sealed class CalculatorTool : Worker<string, decimal>
{
    /// <inheritdoc/>
    public override Task<decimal> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) =>
        Task.FromResult(Calculator.Evaluate(input));
}
