namespace Sheaf.Conformance;

/// <summary>A host runs every suite that its declaration allows, and no other: nothing is skipped by hand.</summary>
public sealed class DeclarationTests
{
    private static readonly Type[] Types = typeof(DeclarationTests).Assembly.GetTypes();

    public static TheoryData<Type> Hosts => [.. Types.Where(type => type.IsSubclassOf(typeof(PlanHost)) && !type.IsAbstract)];

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Host_RunsTheSuitesThatItsDeclarationAllows(Type host)
    {
        Capabilities can = ((PlanHost)Activator.CreateInstance(host)!).Capabilities;
        string[] allowed = [.. Types
            .Where(type => type is { IsAbstract: true } && type.GetCustomAttributes(typeof(NeedsAttribute), false) is [NeedsAttribute needs] && can.HasFlag(needs.Capabilities))
            .Select(type => type.Name).Order()];
        string[] run = [.. Types
            .Where(type => !type.IsAbstract && type.BaseType is { IsGenericType: true } suite && suite.GetGenericArguments() is [var on] && on == host && suite.IsDefined(typeof(NeedsAttribute), false))
            .Select(type => type.BaseType!.GetGenericTypeDefinition().Name).Order()];
        Assert.Equal(allowed, run);
    }
}
