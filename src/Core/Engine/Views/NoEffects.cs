namespace Sheaf.Engine;

/// <summary>For folding a journal without bringing anything about. Views override what they want to see.</summary>
internal class NoEffects : IEffects
{
    public virtual void ChildEnded(ChildState child)
    {
    }

    public virtual void ChildReady(ChildState child)
    {
    }

    public virtual void CodeBegins(ChildState child)
    {
    }

    public virtual void ScopeCancelled(ScopeState scope)
    {
    }

    public virtual void Dispatch(ChildState child)
    {
    }

    public virtual void CancelRunning(ScopeState scope)
    {
    }

    public virtual void GiveUp(ChildState child)
    {
    }

    public virtual void StartTimer(TimerKey key, DateTimeOffset dueAt)
    {
    }

    public virtual void StopTimer(TimerKey key)
    {
    }

    public virtual void CloseScope(ScopeState scope)
    {
    }

    public virtual void WorkflowEnded(Result result)
    {
    }
}
