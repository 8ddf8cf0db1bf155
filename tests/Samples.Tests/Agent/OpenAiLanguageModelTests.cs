using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Tests.Agent;

public sealed class OpenAiLanguageModelTests
{
    private static readonly ModelRequest Request =
        new("心跳是什么", [new Passage("心跳.txt", "心跳机制", "每隔几秒", -1)], new Calculation("3*5", 15)) { Missing = ["no clock"] };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnswerAsync_Stream_PiecesInOrder_HoweverItIsCut()
    {
        byte[] body = Encoding.UTF8.GetBytes(
            ": keep-alive\r\n\r\n" + Piece("") + Piece("心跳 ") + "event: x\n" + Piece("😀, \\n") + Piece("end", "\"stop\"")
            + "data: {\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\ndata: ignored\n\n");
        for (int size = 1; size < body.Length; size += size < 8 ? 1 : 37)
        {
            List<string> pieces = await AskAsync(Streamed(new PiecewiseStream(body, size)));
            Assert.Equal(["心跳 ", "😀, \n", "end"], pieces);
        }
    }

    [Fact]
    public async Task AnswerAsync_Request_IsAChatCompletion()
    {
        var handler = new Handler(_ => Streamed("data: [DONE]\n\n"));
        await AskAsync(handler, key: "k-1");

        Assert.Equal("http://127.0.0.1:1/v1/chat/completions", handler.Uri);
        Assert.Equal("Bearer k-1", handler.Authorization);
        using JsonDocument sent = JsonDocument.Parse(handler.Body!);
        Assert.Equal("tiny", sent.RootElement.GetProperty("model").GetString());
        Assert.True(sent.RootElement.GetProperty("stream").GetBoolean());
        JsonElement messages = sent.RootElement.GetProperty("messages");
        Assert.Equal(["system", "user"], messages.EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        string prompt = messages[1].GetProperty("content").GetString()!;
        Assert.All(["心跳是什么", "心跳.txt", "每隔几秒", "3*5 = 15", "no clock"], part => Assert.Contains(part, prompt, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"error\":{\"message\":\"no such model\"}}", "no such model")]
    [InlineData("{\"error\":\"busy\"}", "busy")]
    [InlineData("<html>Bad gateway</html>", "<html>Bad gateway</html>")]
    [InlineData("[1]", "[1]")]
    public async Task AnswerAsync_ErrorStatus_HttpRequestExceptionWithItsMessage(string body, string message)
    {
        HttpRequestException exception = await Assert.ThrowsAsync<HttpRequestException>(() =>
            AskAsync(new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent(body) }));
        Assert.Equal(HttpStatusCode.NotFound, exception.StatusCode);
        Assert.Equal($"http://127.0.0.1:1/v1 answered 404 Not Found: {message}", exception.Message);
    }

    [Fact]
    public async Task AnswerAsync_ErrorStatusWithoutBody_StillClear() =>
        Assert.EndsWith("answered 401 Unauthorized.", (await Assert.ThrowsAsync<HttpRequestException>(() =>
            AskAsync(new HttpResponseMessage(HttpStatusCode.Unauthorized)))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AnswerAsync_ErrorInTheStream_HttpRequestException() =>
        Assert.Contains("stopped its answer: overloaded", (await Assert.ThrowsAsync<HttpRequestException>(() =>
            AskAsync(Streamed(Piece("a") + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n")))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("data: {\"choices\":\n\n", "no piece of an answer")]
    [InlineData("data: nonsense\n\n", "'nonsense' is no piece of an answer")]
    [InlineData("data: {}\n\n", "'{}' is no piece of an answer")]
    [InlineData("data: 1\n\n", "'1' is no piece of an answer")]
    [InlineData("data: {\"choices\":[1]}\n\n", "no piece of an answer")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n\n", "no piece of an answer")]
    [InlineData("", "ends before the answer is finished")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n", "ends before the answer is finished")]
    public async Task AnswerAsync_MalformedStream_InvalidDataException(string body, string message)
    {
        InvalidDataException exception = await Assert.ThrowsAsync<InvalidDataException>(() => AskAsync(Streamed(body)));
        Assert.StartsWith("The stream from http://127.0.0.1:1/v1 is malformed:", exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerAsync_NoEventStream_InvalidDataException() =>
        Assert.Contains("'application/json'", (await Assert.ThrowsAsync<InvalidDataException>(() =>
            AskAsync(new HttpResponseMessage { Content = new StringContent("{}", Encoding.UTF8, "application/json") }))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AnswerAsync_NoDoneButAReason_IsAnEnd() => Assert.Equal(["a"], await AskAsync(Streamed(Piece("a", "\"length\""))));

    [Fact]
    public async Task AnswerAsync_Pieces_ComeBeforeTheEnd_AndCancellationStops()
    {
        var pipe = new Pipe();
        using var http = new HttpClient(new Handler(_ => Streamed(pipe.Reader.AsStream())));
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        IAsyncEnumerator<string> pieces = new OpenAiLanguageModel(http, Options(null)).AnswerAsync(Request, cancellation.Token).GetAsyncEnumerator(Token);
        await using (pieces)
        {
            await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(Piece("first")), Token);
            Assert.True(await pieces.MoveNextAsync());
            Assert.Equal("first", pieces.Current);

            ValueTask<bool> next = pieces.MoveNextAsync();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask());
        }
    }

    [Fact]
    public async Task AnswerAsync_RealServerOnLoopback_Works()
    {
        using var listener = new HttpListener();
        Uri address = Listen(listener);
        Task serve = Task.Run(async () =>
        {
            HttpListenerContext context = await listener.GetContextAsync();
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.SendChunked = true;
            foreach (byte[] bytes in Encoding.UTF8.GetBytes(Piece("你好", "\"stop\"") + "data: [DONE]\n\n").Chunk(5))
                await context.Response.OutputStream.WriteAsync(bytes);
            context.Response.Close();
        }, Token);
        using var http = new HttpClient();
        Assert.Equal(["你好"], await new OpenAiLanguageModel(http, new OpenAiOptions(address, "tiny", null)).AnswerAsync(Request, Token).ToListAsync(Token));
        await serve;
    }

    [Fact]
    public void FromEnvironment_ReadsAndChecks()
    {
        Assert.Null(From(null, "m", "k"));
        Assert.Equal(new OpenAiOptions(new Uri("http://localhost:11434/v1"), "m", null), From("http://localhost:11434/v1/", "m", ""));
        Assert.Contains("OPENAI_BASE_URL is 'localhost:1'", Assert.Throws<ArgumentException>(() => From("localhost:1", "m", null)).Message, StringComparison.Ordinal);
        Assert.Contains("OPENAI_MODEL is not", Assert.Throws<ArgumentException>(() => From("http://localhost", null, null)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("k-1", From("http://localhost", "m", "k-1")!.ToString(), StringComparison.Ordinal);

        static OpenAiOptions? From(string? url, string? model, string? key) => OpenAiOptions.FromEnvironment(name => name switch
        {
            "OPENAI_BASE_URL" => url,
            "OPENAI_MODEL" => model,
            _ => key,
        });
    }

    private static string Piece(string text, string reason = "null") =>
        $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":{reason}}}]}}\n\n";

    private static OpenAiOptions Options(string? key) => new(new Uri("http://127.0.0.1:1/v1"), "tiny", key);

    private static Task<List<string>> AskAsync(HttpResponseMessage response) => AskAsync(new Handler(_ => response));

    private static async Task<List<string>> AskAsync(Handler handler, string? key = null)
    {
        using var http = new HttpClient(handler);
        return await new OpenAiLanguageModel(http, Options(key)).AnswerAsync(Request, Token).ToListAsync(Token);
    }

    private static HttpResponseMessage Streamed(string body) => Streamed(new MemoryStream(Encoding.UTF8.GetBytes(body)));

    private static HttpResponseMessage Streamed(Stream body) =>
        new() { Content = new StreamContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("text/event-stream") } } };

    // A port that is free now may be taken a moment later: then the next one is tried.
    private static Uri Listen(HttpListener listener)
    {
        for (int port = 40_000; ; port++)
        {
            listener.Prefixes.Clear();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return new Uri($"http://127.0.0.1:{port}/v1");
            }
            catch (HttpListenerException) when (port < 41_000)
            {
                // Taken.
            }
        }
    }

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public string? Uri { get; private set; }

        public string? Authorization { get; private set; }

        public string? Body { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Uri = request.RequestUri!.ToString();
            Authorization = request.Headers.Authorization?.ToString();
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            return answer(request);
        }
    }

    /// <summary>Gives at most so many bytes a read, as a network may.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, size));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, size)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size)], cancellationToken);
    }
}
