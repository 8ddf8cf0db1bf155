using System.Net;

namespace Sheaf.Silo.Clustering;

/// <summary>A membership row that says Active, and whose silo has not been heard of for too long.</summary>
/// <param name="Address">Where the silo's own port was.</param>
/// <param name="Port">That port.</param>
/// <param name="Generation">Which of the silos that have had this endpoint.</param>
/// <param name="HeardAt">When it was last heard of, by the database's clock.</param>
internal sealed record SilentSilo(string Address, int Port, int Generation, DateTime HeardAt)
{
    /// <summary>The silo's own endpoint.</summary>
    public IPEndPoint Endpoint => new(IPAddress.Parse(Address), Port);

    /// <summary>As Orleans writes it.</summary>
    public override string ToString() => $"{Address}:{Port}@{Generation}";
}
