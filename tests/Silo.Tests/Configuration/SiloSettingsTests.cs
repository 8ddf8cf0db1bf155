using Microsoft.Extensions.Configuration;
using Sheaf.Settings;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Tests.Configuration;

public sealed class SiloSettingsTests
{
    [Fact]
    public void Read_Nothing_IsALocalPrimary()
    {
        SiloSettings settings = Read();
        Assert.Equal(ClusteringKind.Localhost, settings.Clustering);
        Assert.Equal(("sheaf", "sheaf"), (settings.ClusterId, settings.ServiceId));
        Assert.Equal((11111, 30000, 8080), (settings.SiloPort, settings.GatewayPort, settings.HealthPort));
        Assert.Null(settings.PrimaryEndpoint);
        Assert.False(settings.TelemetryToConsole);
        Assert.Equal(OtlpSignals.None, settings.Otlp);
    }

    [Fact]
    public void Read_EveryOption_IsHeeded()
    {
        SiloSettings settings = Read(
            ("Sheaf:Clustering", "postgresql"),
            ("Sheaf:ClusterId", "blue"),
            ("Sheaf:ServiceId", "orders"),
            ("Sheaf:SiloName", "silo-1"),
            ("Sheaf:SiloPort", "1001"),
            ("Sheaf:GatewayPort", "1002"),
            ("Sheaf:HealthPort", "1003"),
            ("Sheaf:AdvertisedAddress", "silo-1.internal"),
            ("ConnectionStrings:Sheaf", "Host=db;Database=sheaf"),
            ("otel", "console"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"));
        Assert.Equal(ClusteringKind.PostgreSql, settings.Clustering);
        Assert.Equal(("blue", "orders", "silo-1"), (settings.ClusterId, settings.ServiceId, settings.SiloName));
        Assert.Equal((1001, 1002, 1003), (settings.SiloPort, settings.GatewayPort, settings.HealthPort));
        Assert.Equal("silo-1.internal", settings.AdvertisedAddress);
        Assert.Equal("Host=db;Database=sheaf", settings.ConnectionString);
        Assert.True(settings.TelemetryToConsole);
        Assert.Equal(OtlpSignals.All, settings.Otlp);
    }

    [Fact]
    public void Read_PrimaryEndpoint_IsHeeded() =>
        Assert.Equal("127.0.0.1:1001", Read(("Sheaf:PrimaryEndpoint", "127.0.0.1:1001")).PrimaryEndpoint?.ToString());

    [Theory]
    [InlineData("Sheaf:Clustering", "Consul", "give one of Localhost, PostgreSql")]
    [InlineData("Sheaf:Clustering", "1", "give one of Localhost, PostgreSql")]
    [InlineData("Sheaf:SiloPort", "abc", "give a free TCP port from 1 to 65535, such as 11111")]
    [InlineData("Sheaf:GatewayPort", "0", "give a free TCP port from 1 to 65535, such as 30000")]
    [InlineData("Sheaf:HealthPort", "65536", "give a free TCP port from 1 to 65535, such as 8080")]
    [InlineData("Sheaf:PrimaryEndpoint", "localhost", "give the primary silo's address and silo port, such as 127.0.0.1:11111")]
    [InlineData("Sheaf:AdvertisedAddress", "10.0.0.1", "which only Sheaf:Clustering=PostgreSql uses: leave it out")]
    [InlineData("Sheaf:AdvertisedAddress", "0.0.0.0", "give the one address at which others reach this silo")]
    [InlineData("Sheaf:AdvertisedAddress", "host:1", "give an IP address or a host name, without a port")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "garbage", "give an absolute URL, such as http://localhost:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4317", "give an absolute URL, such as http://localhost:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://localhost", "give an absolute URL, such as http://localhost:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "/v1/logs", "give an absolute URL, such as http://localhost:4317")]
    public void Read_AMistake_NamesOptionValueAndRemedy(string option, string value, string remedy)
    {
        string message = Mistakes((option, value))[0];
        Assert.StartsWith($"{option} is '{value}'", message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PostgreSqlWithoutADatabase_SaysWhatToGive()
    {
        string message = Assert.Single(Mistakes(("Sheaf:Clustering", "PostgreSql")));
        Assert.StartsWith("ConnectionStrings:Sheaf is not set", message, StringComparison.Ordinal);
        Assert.Contains("Host=localhost", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AConnectionStringThatCannotBeRead_IsNotPrinted()
    {
        string message = Assert.Single(Mistakes(("Sheaf:Clustering", "PostgreSql"), ("ConnectionStrings:Sheaf", "Hots=db;Password=secret")));
        Assert.StartsWith("ConnectionStrings:Sheaf cannot be read", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OnePortTwice_IsAMistake() =>
        Assert.Equal(
            "Sheaf:SiloPort and Sheaf:HealthPort are both '8080': give each a port of its own.",
            Assert.Single(Mistakes(("Sheaf:SiloPort", "8080"))));

    [Fact]
    public void Read_SeveralMistakes_AreToldAtOnce() =>
        Assert.Equal(3, Mistakes(("Sheaf:SiloPort", "x"), ("Sheaf:Clustering", "x"), ("otel", "x")).Count);

    private static IReadOnlyList<string> Mistakes(params (string Option, string Value)[] options) =>
        Assert.Throws<SettingsException>(() => Read(options)).Mistakes;

    private static SiloSettings Read(params (string Option, string Value)[] options) =>
        SiloSettings.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(options.Select(option => KeyValuePair.Create(option.Option, (string?)option.Value)))
            .Build());
}
