using Microsoft.CodeAnalysis;

namespace Sheaf.Analyzers.Tests;

public sealed class UnjoinedGroupTests
{
    private const string Report = "SHEAF001 TaskGroup.Open(): The group is opened and never joined: disposal cancels its children, and their failures are not thrown. Await JoinAsync() when they have been started.";

    [Theory]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); _ = group.Start(Work);")]
    [InlineData("await using var group = TaskGroup.Open(); group.Start(ct => { _ = group.Start(Work); return Task.CompletedTask; });")]
    [InlineData("await using (TaskGroup group = TaskGroup.Open()) { _ = group.Outcomes; }")]
    [InlineData("await using (TaskGroup.Open()) { }")]
    [InlineData("TaskGroup group = TaskGroup.Open(); await using (group.ConfigureAwait(false)) { _ = group.Start(Work); }")]
    [InlineData("await using var disposal = TaskGroup.Open().ConfigureAwait(false);")]
    [InlineData("TaskGroup group; group = TaskGroup.Open(); await group.DisposeAsync();")]
    [InlineData("IAsyncDisposable group = (TaskGroup.Open()); await group.DisposeAsync();")]
    [InlineData("TaskGroup.Open();")]
    [InlineData("_ = TaskGroup.Open();")]
    [InlineData("_ = TaskGroup.Open().Start(Work);")]
    [InlineData("await using TaskGroup joined = new Opener().Open(); await joined.JoinAsync(); await using TaskGroup group = TaskGroup.Open(); group.Cancel();")]
    [InlineData("Func<Task> later = async () => { await using TaskGroup group = TaskGroup.Open(); }; await later();")]
    public async Task Group_IsNeverJoined_IsReported(string body) => Assert.Equal([Report], await ReportsAsync(body));

    [Theory]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); _ = group.Start(Work); await group.JoinAsync();")]
    [InlineData("await using (TaskGroup group = TaskGroup.Open()) { await group.JoinAsync().WaitAsync(TimeSpan.FromSeconds(5)); }")]
    [InlineData("TaskGroup group = TaskGroup.Open(); await using (group.ConfigureAwait(false)) { await group.JoinAsync().ConfigureAwait(false); }")]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); if (DateTime.Now.Year > 2000) await group.JoinAsync();")]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); Func<Task> join = group.JoinAsync; await join();")]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); Func<Task> join = async () => await group.JoinAsync(); await join();")]
    [InlineData("await TaskGroup.Open().JoinAsync();")]
    public async Task Group_IsJoined_IsNotReported(string body) => Assert.Empty(await ReportsAsync(body));

    [Theory]
    [InlineData("await using TaskGroup group = TaskGroup.Open(); await JoinAsync(group);")]
    [InlineData("await JoinAsync(TaskGroup.Open());")]
    [InlineData("_field = TaskGroup.Open(); await _field.JoinAsync();")]
    [InlineData("TaskGroup group = TaskGroup.Open(); _field = group; await Task.Yield();")]
    [InlineData("TaskGroup group = TaskGroup.Open(); TaskGroup same = group; await same.JoinAsync();")]
    [InlineData("TaskGroup group = TaskGroup.Open(); List<TaskGroup> groups = [group]; await groups[0].JoinAsync();")]
    [InlineData("TaskGroup? group = TaskGroup.Open(); await (group?.JoinAsync() ?? Task.CompletedTask);")]
    [InlineData("Func<TaskGroup> open = () => TaskGroup.Open(); await open().JoinAsync();")]
    public async Task Group_LeavesTheMember_IsNotReported(string body) => Assert.Empty(await ReportsAsync(body));

    [Fact]
    public async Task Open_OfAnotherType_IsNotReported() => Assert.Empty(await ReportsAsync("await using TaskGroup group = new Opener().Open();"));

    [Fact]
    public async Task Program_WithoutAMain_IsReported() =>
        Assert.Equal([Report], await new UnjoinedGroupAnalyzer().ReportsOfAsync("await using TaskGroup group = TaskGroup.Open();", OutputKind.ConsoleApplication));

    private static Task<string[]> ReportsAsync(string body) => new UnjoinedGroupAnalyzer().ReportsOfAsync($$"""
        public sealed class Opener
        {
            private TaskGroup? _field;

            public TaskGroup Open() => _field ?? TaskGroup.Open();

            public async Task RunAsync()
            {
                await Task.Yield();
                {{body}}
            }

            private static Task Work(CancellationToken token) => Task.CompletedTask;

            private static Task JoinAsync(TaskGroup group) => group.JoinAsync();
        }
        """);
}
