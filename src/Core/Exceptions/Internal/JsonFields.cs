using System.Text.Json;

namespace Sheaf;

/// <summary>An object in JSON whose errors name the place, such as <c>failure.nodes[3].message</c>.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _object;
    private readonly string _place;

    internal JsonFields(JsonField field)
        : this(field.Value, field.Place)
    {
    }

    internal JsonFields(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.Object) throw new JsonField(value, place).Wrong("an object");
        _object = value;
        _place = place;
    }

    internal JsonField Required(string name) =>
        Optional(name) ?? throw new JsonException($"{_place}.{name} is missing.");

    internal JsonField? Optional(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new(value, $"{_place}.{name}")
            : null;
}

/// <summary>A value in JSON with its place.</summary>
internal readonly record struct JsonField(JsonElement Value, string Place)
{
    internal string String() => Value.ValueKind == JsonValueKind.String ? Text(Value) : throw Wrong("a string");

    internal int Int() => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out int number) && number >= 0
        ? number
        : throw Wrong("a whole number, not negative");

    internal bool Bool() =>
        Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Wrong("true or false");

    internal DateTimeOffset Time() => Value.ValueKind == JsonValueKind.String && Value.TryGetDateTimeOffset(out DateTimeOffset time)
        ? time
        : throw Wrong("a time in ISO 8601");

    internal T IndexInto<T>(IReadOnlyList<T> table)
    {
        int index = Int();
        return index < table.Count ? table[index] : throw Wrong($"an index into a table of {table.Count}");
    }

    internal IEnumerable<JsonField> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Wrong("an array");
        string place = Place;
        return Value.EnumerateArray().Select((item, index) => new JsonField(item, $"{place}[{index}]"));
    }

    internal string[] Strings() => [.. Items().Select(static item => item.String())];

    internal Dictionary<string, string> Texts()
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (JsonProperty property in Value.EnumerateObject())
        {
            string name = Name(property);
            texts[name] = new JsonField(property.Value, $"{Place}.{name}").String();
        }

        return texts;
    }

    internal JsonException Wrong(string expected) => new($"{Place} is not {expected}.");

    // Escapes such as a lone half of a surrogate pair are JSON, but no text.
    private string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException($"{Place} is not valid text.", error);
        }
    }

    private string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException($"{Place} has a name that is not valid text.", error);
        }
    }
}
