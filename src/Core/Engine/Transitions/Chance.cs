using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sheaf.Engine;

/// <summary>Chance that a replay repeats: numbers drawn from the run's name and what they are for.</summary>
internal static class Chance
{
    /// <summary>A number from 0 up to 1 for the jitter of one backoff.</summary>
    public static double Of(string run, ChildId child, int attempt) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Hash($"{run}/{child}/{attempt}")) / (double)uint.MaxValue;

    /// <summary>The seed of the workflow's own random numbers.</summary>
    public static int SeedOf(string run) => BinaryPrimitives.ReadInt32LittleEndian(Hash($"{run}/random"));

    /// <summary>The workflow's next id, in the layout of a random UUID (RFC 9562, version 4 bits).</summary>
    public static Guid GuidOf(string run, int number)
    {
        byte[] bytes = Hash($"{run}/guid/{number}")[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
