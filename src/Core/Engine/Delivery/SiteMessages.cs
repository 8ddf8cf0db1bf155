namespace Sheaf.Engine;

/// <summary>From a workflow's owner to a site, over a numbered stream.</summary>
internal abstract record SiteMessage;

/// <summary>A new owner begins: these deliveries of the workflow it waits for, if they are here; whatever else runs here it does not (D8).</summary>
internal sealed record Attach(IReadOnlyList<Delivery> Deliveries) : SiteMessage;

/// <summary>Run a delivery.</summary>
internal sealed record Deliver(DispatchWorker Dispatch) : SiteMessage;

/// <summary>Signal the scope's children: those here, and those of lower numbers still on their way.</summary>
internal sealed record SignalScope(int Scope, CancellationCause Cause) : SiteMessage;

/// <summary>Forget the scope; the workflow's own is scope 0, and with it goes everything.</summary>
internal sealed record ForgetScope(int Scope) : SiteMessage;
