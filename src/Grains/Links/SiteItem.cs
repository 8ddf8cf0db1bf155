using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>A message to a site, with the workflow and the owner's epoch that it is for.</summary>
internal readonly record struct SiteItem(WorkflowId Workflow, long Epoch, SiteMessage Message);

/// <summary>What a site answers: see <see cref="SiteReply"/>.</summary>
internal readonly record struct SiteAnswer(bool IsLapsed, IReadOnlyList<FoundDeliveries> Found, bool IsLeaving = false);

/// <summary>What a new owner found of one workflow on a site.</summary>
internal readonly record struct FoundDeliveries(WorkflowId Workflow, long Epoch, IReadOnlyList<Delivery> Deliveries);
