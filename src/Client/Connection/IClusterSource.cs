using System.CommandLine;

namespace Sheaf.Client.Connection;

/// <summary>Where a command gets its cluster from.</summary>
internal interface IClusterSource
{
    /// <summary>Connects.</summary>
    /// <param name="arguments">The command line, with the options of this source.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NoClusterException">No cluster answers.</exception>
    /// <exception cref="Settings.SettingsException">The settings make no sense.</exception>
    Task<ClusterConnection> ConnectAsync(ParseResult arguments, CancellationToken cancellationToken);
}
