namespace Sheaf.Simulation;

/// <summary>Makes up workflows from a seed: small ones, of every shape.</summary>
internal sealed class ScriptGenerator(Random random)
{
    private int _names;

    public GroupNode Workflow() => Group(depth: 0);

    private GroupNode Group(int depth)
    {
        List<Node> children = [];
        int count = random.Next(1, depth == 0 ? 6 : 4);
        for (int i = 0; i < count; i++)
        {
            children.Add((depth < 3 ? random.Next(10) : 9) switch
            {
                0 => Group(depth + 1),
                3 => new WaitNode(Name("d"), random.Next(0, 40)),
                4 => new WaitNode($"signal{random.Next(2)}", null),
                1 or 2 => new BranchNode(Name("b"), random.Next(4) == 0, [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Group(depth + 2))]),
                _ => Leaf(),
            });
        }

        return new GroupNode(
            Name("g"),
            (GroupPolicy)random.Next(3),
            MaxConcurrency: random.Next(3) == 0 ? random.Next(1, 4) : null,
            DeadlineSeconds: random.Next(4) == 0 ? random.Next(1, 60) : null,
            ShieldSeconds: random.Next(8) == 0 ? random.Next(1, 30) : null,
            CancelAfter: random.Next(4) == 0 ? random.Next(0, count + 1) : null,
            Catches: random.Next(3) == 0,
            children)
        {
            IsCheckpoint = random.Next(4) == 0,
            Yields = random.Next(4),
            Asks = random.Next(3) == 0,
            LooksOut = random.Next(4) == 0,
        };
    }

    private LeafNode Leaf()
    {
        Behaviour behaviour = random.Next(18) switch
        {
            < 7 => Behaviour.Succeed,
            < 9 => Behaviour.Fail,
            9 => Behaviour.FailTwice,
            < 12 => Behaviour.WaitForCancel,
            12 => Behaviour.FailWhenCancelled,
            13 => Behaviour.SucceedWhenCancelled,
            14 => Behaviour.KillSiteTwice,
            15 => Behaviour.Ignore,
            16 => Behaviour.EndLate,
            _ => Behaviour.KillSites,
        };
        bool isStep = behaviour < Behaviour.KillSiteTwice && random.Next(4) == 0;
        bool getsReady = !isStep && random.Next(3) == 0;
        return new LeafNode(Name(isStep ? "s" : getsReady ? "r" : "w"), behaviour, isStep, random.Next(4) == 0, random.Next(4) == 0 ? 3 : 1)
        {
            GetsReady = getsReady,
            Looks = getsReady ? (Looks)random.Next(4) : Looks.Nowhere,
        };
    }

    private string Name(string prefix) => prefix + _names++;
}
