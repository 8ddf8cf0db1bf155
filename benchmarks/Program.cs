using BenchmarkDotNet.Running;
using Sheaf.Benchmarks.Quick;

// A named set of figures, or else BenchmarkDotNet with its own arguments.
switch (args)
{
    case ["quick"]:
        await Figures.MeasureAsync([new LocalFigures(), new MapFigures(), new EmbeddedFigures(), new ClusterFigures()]);
        break;
    case ["embedded"]:
        await Figures.MeasureAsync([new EmbeddedFigures()]);
        break;
    case ["cluster"]:
        await Figures.MeasureAsync([new ClusterFigures()]);
        break;
    case ["journal"]:
        await Figures.MeasureAsync([new JournalFigures()]);
        break;
    case ["durable"]:
        await Figures.MeasureAsync([new DurableFigures(), new ThroughputFigures(), new ResumeFigures(), new TakeoverFigures()]);
        break;
    case ["throughput"]:
        await Figures.MeasureAsync([new ThroughputFigures()]);
        break;
    case ["resume"]:
        await Figures.MeasureAsync([new ResumeFigures(), new TakeoverFigures()]);
        break;
    case ["sizing"]:
        await Figures.MeasureAsync([new SizingFigures()]);
        break;
    default:
        // In this process: the projects that BenchmarkDotNet makes otherwise look for a project file named as the assembly.
        string[] chosen = args.Length == 0 ? ["--filter", "*"] : args;
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. chosen, "--inProcess"]);
        break;
}
