using System.Buffers;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Sheaf.Codecs;

/// <summary>
/// Carries an <see cref="ExceptionGroup"/> as its <see cref="Failure"/>, with nesting, origins and causes; the leaves are made again by
/// rule E6. A codec rather than a converter, since a converter serves one type: this one takes every subclass that has none of its
/// own, which arrives as an <see cref="ExceptionGroup"/>.
/// </summary>
/// <remarks>There is no copier: inside a silo Orleans shares all exceptions, and groups are immutable.</remarks>
[RegisterSerializer]
internal sealed class ExceptionGroupCodec(IServiceProvider services) : IFieldCodec<ExceptionGroup>, IDerivedTypeCodec
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, ExceptionGroup value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        // A field of type ExceptionGroup may hold a subclass that has a codec of its own.
        if (value.GetType() != typeof(ExceptionGroup) && writer.Session.CodecProvider.GetCodec(value.GetType()) is not ExceptionGroupCodec and var own)
        {
            own.WriteField(ref writer, fieldIdDelta, expectedType, value);
            return;
        }

        // Exceptions are never written as references, so that no text can make a ring of them: as Orleans' own codec does it.
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteStartObject(fieldIdDelta, expectedType, typeof(ExceptionGroup));
        StringCodec.WriteField(ref writer, 0, FailureText.Write(Failure.From(value)));
        writer.WriteEndObject();
    }

    public ExceptionGroup ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference) return ReferenceCodec.ReadReference<ExceptionGroup, TInput>(ref reader, field);
        if (field.FieldType is { } type && type != typeof(ExceptionGroup) && reader.Session.CodecProvider.GetCodec(type) is not ExceptionGroupCodec and var own)
            return (ExceptionGroup)own.ReadValue(ref reader, field);

        field.EnsureWireTypeTagDelimited();
        ReferenceCodec.MarkValueField(reader.Session);
        string? json = null;
        uint id = 0;
        while (true)
        {
            Field header = reader.ReadFieldHeader();
            if (header.IsEndBaseOrEndObject) break;
            id += header.FieldIdDelta;
            if (id == 0) json = StringCodec.ReadValue(ref reader, header);
            else reader.ConsumeUnknownField(header);
        }

        return ExceptionGroup.From(FailureText.Read(json).ToException(ReceivedTypes.Of(services)));
    }
}
