using Microsoft.Extensions.Logging;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>The way from this silo, as an owner of workflows, to one site: a numbered stream, one batch in flight (C3).</summary>
/// <remarks>
/// <para>Thread-safe. States: live → dead, once. A batch is sent again, with the same numbers, until the site has it or is dead
/// in membership: a slow one is asked again, and the numbers keep a repetition from counting twice.</para>
/// <para>Credits are dispatches that the site has not confirmed: a slow one gets fewer.</para>
/// </remarks>
internal sealed class SiteLink
{
    /// <summary>So many dispatches may be on their way.</summary>
    private const int MaxCredits = 8 * Batches.MaxItems;

    private readonly HostContext _host;
    private readonly Func<long, long, IReadOnlyList<SiteItem>, Task<SiteAnswer>> _deliver;
    private readonly ISiteLinkEvents _events;
    private readonly Outage _outage = new(TimeProvider.System);
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private List<SiteItem> _outbox = [];
    private long _stream = 1;
    private long _nextNumber;
    private int _unconfirmed;
    private long _sent;
    private long _confirmed;
    private bool _isSending;
    private bool _isDead;
    private bool _isRestarting;

    /// <summary>Makes the link; it sends when it has something.</summary>
    /// <param name="host">This silo's host.</param>
    /// <param name="silo">The site's silo.</param>
    /// <param name="deliver">Sends a batch: stream, number of the first message, messages.</param>
    /// <param name="events">Who is told what becomes of it.</param>
    public SiteLink(HostContext host, string silo, Func<long, long, IReadOnlyList<SiteItem>, Task<SiteAnswer>> deliver, ISiteLinkEvents events)
    {
        _host = host;
        Silo = silo;
        _deliver = deliver;
        _events = events;
    }

    public string Silo { get; }

    /// <summary>The names of the workers that the site can run (D7); null until it has said so.</summary>
    public IReadOnlySet<string>? Workers { get; set; }

    /// <summary>How many more dispatches may be sent now. To this silo's own site any number: nothing is on its way there, and nothing confirms it.</summary>
    public int Credits
    {
        get
        {
            lock (_gate) return _isDead || _isRestarting ? 0 : Here is null ? MaxCredits - _unconfirmed : int.MaxValue;
        }
    }

    /// <summary>Whether nothing more can be sent: the silo is dead, or on its way out.</summary>
    public bool IsDead
    {
        get
        {
            lock (_gate) return _isDead;
        }
    }

    /// <summary>What goes into one message.</summary>
    public MessageLimit MessageLimit { get; init; } = new(int.MaxValue);

    /// <summary>Where the site is this silo's own: applies messages at once, in their order, without a stream.</summary>
    public Action<IReadOnlyList<SiteItem>>? Here { get; init; }

    /// <summary>Sends messages.</summary>
    /// <returns>How many have been sent with them, over all streams.</returns>
    public long Send(IReadOnlyList<SiteItem> items)
    {
        if (Here is { } apply)
        {
            if (IsDead) return long.MaxValue;
            apply(items);
            return 0;
        }

        long place;
        lock (_gate)
        {
            if (_isDead) return long.MaxValue;
            _outbox.AddRange(items);
            _unconfirmed += items.Count(item => item.Message is Deliver);
            place = _sent += items.Count;
            if (_isSending) return place;
            _isSending = true;
        }

        _host.Run(() => SendAllAsync(isSignOfLife: false));
        return place;
    }

    /// <summary>Whether so many messages have been applied where they went.</summary>
    public bool IsConfirmed(long place)
    {
        lock (_gate) return _confirmed >= place;
    }

    /// <summary>Tells the site that this owner lives (C5), unless it is being told anyway.</summary>
    public void SendSignOfLife()
    {
        lock (_gate)
        {
            if (_isDead || _isSending || _nextNumber == 0) return;
            _isSending = true;
        }

        _host.Run(() => SendAllAsync(isSignOfLife: true));
    }

    /// <summary>The silo is dead in membership, or on its way out: nothing more is sent.</summary>
    public void Die()
    {
        lock (_gate)
        {
            _isDead = true;
            _outbox.Clear();
        }
    }

    /// <summary>The site has lost the stream, and all that came over it: what waits to be sent is lost with it. Takes no dispatches until <see cref="Resume"/>.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _stream++;
            _nextNumber = 0;
            _unconfirmed = 0;
            _confirmed = _sent;
            _outbox.Clear();
            _isRestarting = true;
        }
    }

    /// <summary>Everybody knows what was lost: dispatches may come again.</summary>
    public void Resume()
    {
        lock (_gate) _isRestarting = false;
    }

    private async Task SendAllAsync(bool isSignOfLife)
    {
        bool isFirst = true;
        while (Take(isFirst && isSignOfLife) is { } batch)
        {
            if (await SendAsync(batch).ConfigureAwait(false) is not { } answer) return;
            if (answer.IsLeaving)
            {
                _events.OnLeaving(this);
            }
            else if (answer.IsLapsed)
            {
                _events.OnLapsed(this);
            }
            else
            {
                OnConfirmed(batch.Items);
                if (answer.Found.Count > 0) _events.OnFound(this, answer.Found);
            }

            isFirst = false;
        }
    }

    /// <summary>Sends one batch until it has been applied.</summary>
    /// <returns>The answer; null where the site is dead or this host stops.</returns>
    private async Task<SiteAnswer?> SendAsync(Batch batch)
    {
        int failures = 0;
        while (true)
        {
            try
            {
                return await _deliver(batch.Stream, batch.FirstNumber, batch.Items).ConfigureAwait(false);
            }
            catch (Exception error) when (MessageSize.IsTooLarge(error) && batch.Items.Count > 1)
            {
                return await SendHalvesAsync(batch).ConfigureAwait(false);
            }
            catch (Exception error) when (MessageSize.IsTooLarge(error) && batch.Items is [{ Message: Deliver { Dispatch: var dispatch } } item])
            {
                ClusterLog.ChildTooLarge(_host.Logger, dispatch.Name, item.Workflow.Value, error);
                _events.OnTooLarge(item, dispatch, error);
                // Its number has to come all the same. There is no such scope anywhere.
                batch = batch with { Items = [item with { Message = new ForgetScope(-1) }] };
            }
            catch (Exception error)
            {
                lock (_gate)
                {
                    if (_isDead) return null;
                }

                if (_host.Stopping.IsCancellationRequested) return null;
                if (_outage.Speaks(out int heldBack)) ClusterLog.DeliveryFailed(_host.Logger, Silo, heldBack, error);
            }

            failures = Math.Min(failures + 1, 5);
            await Task.Delay(_host.CommitRetryDelay * failures, TimeProvider.System, _host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>It is larger than was reckoned: what is too large for itself must not hold up the rest.</summary>
    private async Task<SiteAnswer?> SendHalvesAsync(Batch batch)
    {
        int half = batch.Items.Count / 2;
        SiteAnswer? first = await SendAsync(batch with { Items = [.. batch.Items.Take(half)] }).ConfigureAwait(false);
        if (first is null or { IsLapsed: true } or { IsLeaving: true }) return first;
        SiteAnswer? second = await SendAsync(batch with { FirstNumber = batch.FirstNumber + half, Items = [.. batch.Items.Skip(half)] }).ConfigureAwait(false);
        return second is { IsLapsed: false, IsLeaving: false } last ? last with { Found = [.. first.Value.Found, .. last.Found] } : second;
    }

    private Batch? Take(bool evenIfEmpty)
    {
        lock (_gate)
        {
            if (_isDead || (_outbox.Count == 0 && !evenIfEmpty))
            {
                _isSending = false;
                return null;
            }

            List<SiteItem> items = Batches.Take(ref _outbox, item => MessageLimit.SizeOf(item.Message), MessageLimit.MaxBatchBytes);
            Batch batch = new(_stream, _nextNumber, items);
            _nextNumber += items.Count;
            return batch;
        }
    }

    private void OnConfirmed(IReadOnlyList<SiteItem> items)
    {
        int dispatches = items.Count(item => item.Message is Deliver);
        lock (_gate)
        {
            _unconfirmed -= dispatches;
            _confirmed += items.Count;
        }

        if (dispatches == 0) return;
        _events.OnCredits(this);
    }

    private sealed record Batch(long Stream, long FirstNumber, IReadOnlyList<SiteItem> Items);
}

/// <summary>Who is told what becomes of a link. Called outside its lock.</summary>
internal interface ISiteLinkEvents
{
    /// <summary>Dispatches have been confirmed.</summary>
    void OnCredits(SiteLink link);

    /// <summary>A new owner's question has been answered.</summary>
    void OnFound(SiteLink link, IReadOnlyList<FoundDeliveries> found);

    /// <summary>The silo stops: it has handed back all that it ran.</summary>
    void OnLeaving(SiteLink link);

    /// <summary>A dispatch went nowhere, and never will: no message can carry it.</summary>
    void OnTooLarge(SiteItem item, DispatchWorker dispatch, Exception error);

    /// <summary>The site let go of all it ran for this owner (C5): the link is to be restarted.</summary>
    void OnLapsed(SiteLink link);
}
