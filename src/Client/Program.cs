using System.Runtime.InteropServices;
using Sheaf.Client;

using var interruption = new CancellationTokenSource();
using PosixSignalRegistration ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
return await ClientProgram.RunAsync(args, new ClientSurroundings(), interruption.Token);

// The first cancels the workflow, and the program says what became of it. A second one is not held up: it ends the process.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = !interruption.IsCancellationRequested;
    interruption.Cancel();
}
