using Sheaf.Engine;

namespace Sheaf.Simulation;

/// <summary>A message on the simulated network. It may be lost, repeated, late, or overtaken.</summary>
internal abstract record Message;

/// <summary>Owner to site, numbered.</summary>
internal sealed record ToSite(int Site, int Generation, long Epoch, long Number, SiteMessage Message) : Message;

/// <summary>Site to owner: everything before this number of its stream has been applied. To one that has attached, what it found.</summary>
internal sealed record Confirm(int Site, int Generation, long Epoch, long AppliedBefore, IReadOnlyList<Delivery>? Found) : Message;

/// <summary>Site to owner: a delivery ended.</summary>
internal sealed record Outcome(int Site, int Generation, long Epoch, LeafEnded Ended) : Message;

/// <summary>Site to owner: a delivery is ready, and waits for the answer (R14).</summary>
internal sealed record Word(int Site, int Generation, long Epoch, AskReady Ready) : Message;

/// <summary>Owner to site: whether that delivery has been ready.</summary>
internal sealed record WordAnswer(int Site, int Generation, Delivery Delivery, bool IsReady) : Message;

/// <summary>Owner to site: that outcome is committed.</summary>
internal sealed record Ack(int Site, int Generation, Delivery Delivery) : Message;
