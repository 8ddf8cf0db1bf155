namespace Sheaf.Engine;

/// <summary>From a workflow's owner to a site, over a numbered stream.</summary>
internal abstract record SiteMessage;

/// <summary>Run a delivery.</summary>
internal sealed record Deliver(DispatchWorker Dispatch) : SiteMessage;

/// <summary>Signal the scope's children: those here, and those of lower numbers still on their way.</summary>
internal sealed record SignalScope(int Scope, CancellationCause Cause) : SiteMessage;

/// <summary>Forget the scope.</summary>
internal sealed record ForgetScope(int Scope) : SiteMessage;
