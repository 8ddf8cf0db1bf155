await Console.Error.WriteLineAsync("The scanner, the walk and the views are here; the task group that runs them is not wired yet.");
return 1;
