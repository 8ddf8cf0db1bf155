namespace Sheaf.Samples.Agent.Model;

/// <summary>Where an OpenAI-compatible model is, and its name there.</summary>
/// <param name="BaseUrl">The address before <c>/chat/completions</c>, such as <c>http://localhost:11434/v1</c>.</param>
/// <param name="Model">The model's name at that address.</param>
/// <param name="ApiKey">The key sent as a bearer token, or null where none is needed. It is never shown.</param>
public sealed record OpenAiOptions(Uri BaseUrl, string Model, string? ApiKey)
{
    /// <summary>
    /// The options in <c>OPENAI_BASE_URL</c>, <c>OPENAI_MODEL</c> and <c>OPENAI_API_KEY</c>, or null if no address is set.
    /// </summary>
    /// <param name="variable">Reads an environment variable; null where it is not set.</param>
    /// <exception cref="ArgumentException">The address is no http(s) URL, or there is no model; the message names the variable.</exception>
    public static OpenAiOptions? FromEnvironment(Func<string, string?> variable)
    {
        string? address = variable("OPENAI_BASE_URL");
        if (string.IsNullOrWhiteSpace(address)) return null;
        if (!Uri.TryCreate(address.TrimEnd('/'), UriKind.Absolute, out Uri? baseUrl) || baseUrl.Scheme is not ("http" or "https"))
            throw new ArgumentException($"OPENAI_BASE_URL is '{address}', which is no http or https address.", nameof(variable));
        string? model = variable("OPENAI_MODEL");
        if (string.IsNullOrWhiteSpace(model))
            throw new ArgumentException("OPENAI_BASE_URL is set, but OPENAI_MODEL is not: name the model to ask.", nameof(variable));
        string? key = variable("OPENAI_API_KEY");
        return new OpenAiOptions(baseUrl, model, string.IsNullOrWhiteSpace(key) ? null : key);
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{Model} at {BaseUrl}";
}
