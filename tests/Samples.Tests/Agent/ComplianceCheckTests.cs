using Sheaf.Samples.Agent.Model;

namespace Sheaf.Samples.Tests.Agent;

public sealed class ComplianceCheckTests
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Your Password: x", "password:", 5)]
    [InlineData("你的密码是", "密码", 2)]
    [InlineData("-----BEGIN PRIVATE KEY-----", "BEGIN PRIVATE KEY", 5)]
    public void Read_ForbiddenTerm_NamesRuleAndPosition_HoweverItIsCut(string answer, string rule, int position)
    {
        for (int first = 0; first <= answer.Length; first++)
        {
            for (int second = first; second <= answer.Length; second++)
            {
                var check = new ComplianceCheck();
                string shown = "";
                string[] pieces = [answer[..first], answer[first..second], answer[second..]];
                ComplianceException exception = Assert.Throws<ComplianceException>(() => Array.ForEach(pieces, piece => shown += check.Read(piece)));
                Assert.StartsWith(shown, answer[..position], StringComparison.Ordinal);
                Assert.Equal((rule, position), (exception.Rule, exception.Position));
                Assert.Equal($"The answer was stopped: at position {position} it contains '{rule}', which is forbidden.", exception.Message);
            }
        }
    }

    [Fact]
    public void Read_CharacterByCharacter_PositionCountsTheWholeAnswer()
    {
        var check = new ComplianceCheck(["secret"]);
        foreach (char c in new string('x', 10_000) + "secre") check.Read(c.ToString());
        Assert.Equal(10_000, Assert.Throws<ComplianceException>(() => check.Read("T")).Position);
    }

    [Fact]
    public void Read_SeveralTerms_TheOneThatBeginsFirst()
    {
        var check = new ComplianceCheck(["beta", "alphabet"]);
        Assert.Equal("alphabet", Assert.Throws<ComplianceException>(() => check.Read("the alphabeta")).Rule);
    }

    [Fact]
    public void Read_NothingForbidden_NoObjection()
    {
        var check = new ComplianceCheck(["", " ", "x"]);
        check.Read("password, 密 码");
        new ComplianceCheck([]).Read("password: 密码");
    }

    [Fact]
    public async Task WatchAsync_ForbiddenTermCutAcrossPieces_ShowsNothingOfIt()
    {
        var seen = new List<string>();
        await Assert.ThrowsAsync<ComplianceException>(async () =>
        {
            await foreach (string piece in new ComplianceCheck(["password:"]).WatchAsync(Pieces("this is the ", "pass", "word: 1", "never"), Token))
                seen.Add(piece);
        });
        Assert.Equal(["this", " is "], seen);
    }

    [Fact]
    public async Task WatchAsync_NothingForbidden_PassesEverythingOnInTheEnd()
    {
        string seen = "";
        await foreach (string piece in new ComplianceCheck().WatchAsync(Pieces("a 😀", "", "pass", "word, then: ", "BEGIN"), Token)) seen += piece;
        Assert.Equal("a 😀password, then: BEGIN", seen);
    }

    [Fact]
    public void Read_HeldBackPartBeginsInsideACharacter_KeepsItWhole()
    {
        var check = new ComplianceCheck(["abc"]);
        Assert.Equal("", check.Read("😀x"));
        Assert.Equal("😀", check.Read("y"));
        Assert.Equal("xy", check.End());
    }

    private static async IAsyncEnumerable<string> Pieces(params string[] pieces)
    {
        foreach (string piece in pieces)
        {
            await Task.Yield();
            yield return piece;
        }
    }
}
