using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Sheaf.Samples.FolderScan;

/// <summary>Decodes a file's bytes block by block and counts lines and words. For one file, on one thread at a time.</summary>
internal sealed class Content
{
    // First bytes of formats that are compressed, and so may have no NUL for a long time.
    private static readonly byte[][] CompressedFormats =
    [
        [0x1F, 0x8B], // gzip
        [0x1F, 0x9D], // compress
        [.. "BZh"u8],
        [0xFD, .. "7zXZ"u8, 0x00],
        [0x28, 0xB5, 0x2F, 0xFD], // zstd
        [0x04, 0x22, 0x4D, 0x18], // lz4
        [.. "PK\x03\x04"u8],
        [.. "PK\x05\x06"u8],
        [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C],
        [0x89, .. "PNG"u8],
        [0xFF, 0xD8, 0xFF], // JPEG
        [.. "GIF87a"u8],
        [.. "GIF89a"u8],
        [.. "%PDF-"u8],
    ];

    private readonly char[] _characters = new char[4 * 1024];
    private readonly bool _bigEndian;
    private bool _atStart = true;
    private bool _inWord;

    private Content(ContentKind kind, bool bigEndian = false)
    {
        Kind = kind;
        _bigEndian = bigEndian;
    }

    public ContentKind Kind { get; }

    public long Lines { get; private set; }

    public long Words { get; private set; }

    /// <summary>What a file is that begins with <paramref name="head"/>.</summary>
    public static Content Of(ReadOnlySpan<byte> head)
    {
        foreach (byte[] format in CompressedFormats)
            if (head.StartsWith(format)) return new Content(ContentKind.Binary);

        // Two more zeros make it the mark of UTF-32, which is not read as text here.
        bool littleEndian = head is [0xFF, 0xFE, ..] and not [0xFF, 0xFE, 0, 0, ..];
        bool bigEndian = head is [0xFE, 0xFF, ..];
        if (littleEndian || bigEndian) return new Content(ContentKind.Utf16, bigEndian);
        return new Content(head.Contains((byte)0) ? ContentKind.Binary : ContentKind.Utf8);
    }

    /// <summary>
    /// Reads <paramref name="block"/> and returns how many of its bytes are done with. What remains is the beginning of a character, to be
    /// given again in front of the next block; or, if <paramref name="valid"/> is false, begins with one that is malformed.
    /// </summary>
    /// <param name="block">The bytes that follow those already done with.</param>
    /// <param name="atEnd">Whether the file ends with them: then an unfinished character is a malformed one.</param>
    /// <param name="valid">Whether all is as the encoding allows.</param>
    public int Read(ReadOnlySpan<byte> block, bool atEnd, out bool valid)
    {
        valid = true;
        return Kind switch
        {
            ContentKind.Utf8 => ReadUtf8(block, atEnd, out valid),
            ContentKind.Utf16 => ReadUtf16(block, atEnd, out valid),
            _ => block.Length,
        };
    }

    private int ReadUtf8(ReadOnlySpan<byte> block, bool atEnd, out bool valid)
    {
        int done = 0;
        OperationStatus status;
        do
        {
            status = Utf8.ToUtf16(
                block[done..], _characters, out int read, out int written, replaceInvalidSequences: false, isFinalBlock: atEnd);
            Count(_characters.AsSpan(0, written));
            done += read;
        }
        while (status == OperationStatus.DestinationTooSmall);
        valid = status != OperationStatus.InvalidData;
        return done;
    }

    private int ReadUtf16(ReadOnlySpan<byte> block, bool atEnd, out bool valid)
    {
        int done = 0;
        while (block.Length - done >= 2)
        {
            char c = CharacterAt(block, done);
            int length = 2;
            if (char.IsSurrogate(c))
            {
                bool paired = block.Length - done >= 4 && char.IsSurrogatePair(c, CharacterAt(block, done + 2));
                // A first half whose second is not read yet.
                if (!paired && char.IsHighSurrogate(c) && block.Length - done < 4 && !atEnd) break;
                if (!paired)
                {
                    valid = false;
                    return done;
                }

                length = 4;
            }

            Count([c]);
            done += length;
        }

        valid = !atEnd || done == block.Length;
        return done;
    }

    private char CharacterAt(ReadOnlySpan<byte> block, int at) =>
        (char)(_bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(block[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(block[at..]));

    private void Count(ReadOnlySpan<char> characters)
    {
        // The byte order mark is no word.
        if (_atStart && characters is ['\uFEFF', ..]) characters = characters[1..];
        _atStart &= characters.IsEmpty;
        foreach (char c in characters)
        {
            if (c == '\n') Lines++;
            // Outside the first plane there is no white space: half of a surrogate pair is part of a word.
            bool inWord = !char.IsWhiteSpace(c);
            if (inWord && !_inWord) Words++;
            _inWord = inWord;
        }
    }
}
