namespace Sheaf.Journal;

/// <summary>The commits of one append as columns. Each workflow is named once; a commit refers to it by place.</summary>
internal sealed class AppendBatch
{
    private readonly IReadOnlyList<JournalCommit> _commits;

    public AppendBatch(IReadOnlyList<JournalCommit> commits)
    {
        _commits = commits;
        Places = new int[commits.Count];
        Dictionary<WorkflowId, int> places = new(commits.Count);
        HashSet<WorkflowId> made = [];
        for (int i = 0; i < commits.Count; i++)
        {
            JournalCommit commit = commits[i];
            if (!places.TryGetValue(commit.Workflow, out int place))
            {
                Ids.Add(commit.Workflow.Value);
                // Arrays begin with 1 there.
                place = Ids.Count;
                places.Add(commit.Workflow, place);
            }

            Places[i] = place;
            // Of several creations of one id the first one counts; the others find it taken.
            if (commit.Creates is { } header && made.Add(commit.Workflow)) Made.Add(header);
        }
    }

    /// <summary>The workflows, in the order in which they come up first.</summary>
    public List<string> Ids { get; } = [];

    /// <summary>The workflows to be created, in the order of their commits.</summary>
    public List<WorkflowHeader> Made { get; } = [];

    /// <summary>For each commit the place of its workflow in <see cref="Ids"/>, from 1.</summary>
    public int[] Places { get; }

    /// <summary>One column.</summary>
    public T[] Of<T>(Func<JournalCommit, T> value)
    {
        T[] column = new T[_commits.Count];
        for (int i = 0; i < column.Length; i++) column[i] = value(_commits[i]);
        return column;
    }
}
