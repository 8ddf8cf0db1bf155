await Console.Error.WriteLineAsync("The agent's tools, models and views are here; the task group that runs them is not wired yet.");
return 1;
