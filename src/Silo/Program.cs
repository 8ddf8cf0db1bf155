using Sheaf.Silo;

return await SiloProgram.RunAsync(args).ConfigureAwait(false);
