using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Sheaf.Hosting;

/// <summary>The letters of one workflow, in the order of their arrival. Any thread writes; its actor reads.</summary>
internal sealed class Mailbox(IHostProbe? probe)
{
    private readonly Channel<Letter> _letters = Channel.CreateUnbounded<Letter>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Whether no letter is in it. For its actor.</summary>
    public bool IsEmpty => !_letters.Reader.TryPeek(out _);

    /// <summary>Puts a letter in, unless the mailbox is closed.</summary>
    public bool TryWrite(Letter letter)
    {
        // Before it is there to be taken: what is on its way counts without a gap.
        probe?.Enter();
        if (_letters.Writer.TryWrite(letter)) return true;
        probe?.Leave();
        return false;
    }

    public bool TryRead([MaybeNullWhen(false)] out Letter letter)
    {
        if (!_letters.Reader.TryRead(out letter)) return false;
        probe?.Leave();
        return true;
    }

    /// <summary>Waits for a letter. Meanwhile its actor does nothing.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) =>
        probe is null ? _letters.Reader.WaitToReadAsync(cancellationToken) : WaitToReadAsync(probe, cancellationToken);

    public void Close() => _letters.Writer.TryComplete();

    private async ValueTask<bool> WaitToReadAsync(IHostProbe watching, CancellationToken cancellationToken)
    {
        int entered = 0;
        // A stop wakes the actor some time later; it counts from the signal on.
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => EnterOnce(), null);
        watching.Leave();
        try
        {
            return await _letters.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            EnterOnce();
        }

        void EnterOnce()
        {
            if (Interlocked.Exchange(ref entered, 1) == 0) watching.Enter();
        }
    }
}
