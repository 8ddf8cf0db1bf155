using System.Runtime.InteropServices;
using Sheaf.Samples.Agent;

using var interruption = new CancellationTokenSource();
using PosixSignalRegistration ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
{
    // The first asks the program to stop, and it prints what was done. A second one is not held up: it ends the process.
    signal.Cancel = !interruption.IsCancellationRequested;
    interruption.Cancel();
});
return await AgentProgram.RunAsync(args, new AgentSurroundings(), interruption.Token);
