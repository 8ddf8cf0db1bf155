using Sheaf.Samples.Agent.Questions;

namespace Sheaf.Samples.Tests.Agent;

public sealed class QuestionPlanTests
{
    [Theory]
    [InlineData("今天的天气怎么样", "今天 天气")]
    [InlineData("今天的天气怎么样？", "今天 天气")]
    [InlineData("请问什么是任务组？", "任务组")]
    [InlineData("崩溃之后如何恢复", "崩溃 之后 恢复")]
    [InlineData("普洱茶怎么泡", "普洱 洱茶 泡")]
    [InlineData("并发和合并是什么", "并发 合并")]
    [InlineData("计算机怎么工作", "计算机 工作")]
    [InlineData("Orleans 的 silo 是什么", "Orleans silo")]
    [InlineData("What is a heartbeat?", "heartbeat")]
    [InlineData("how do task groups report failures", "task groups report failures")]
    [InlineData("search for crash recovery", "crash recovery")]
    [InlineData("帮我搜索心跳", "心跳")]
    [InlineData("what happened on 2024-05-01?", "happened 2024-05-01")]
    [InlineData("does it run 24/7 on x86-64 in UTF-8", "run 24 7 x86-64 UTF-8")]
    [InlineData("3-5 silos", "3-5 silos")]
    [InlineData("tea tea TEA", "tea")]
    public void From_WordsOnly_SearchesAndDoesNotCalculate(string question, string terms)
    {
        QuestionPlan plan = QuestionPlan.From(question);
        Assert.True(plan.AsksSearch);
        Assert.Equal(terms, string.Join(' ', plan.SearchTerms));
        Assert.False(plan.AsksCalculator);
    }

    [Theory]
    [InlineData("calculate 1/0", "1/0")]
    [InlineData("what is 1+2", "1+2")]
    [InlineData("What is 10 / 4?", "10 / 4")]
    [InlineData("what's (1 + 2) * 3", "(1 + 2) * 3")]
    [InlineData("12*(3+4)", "12*(3+4)")]
    [InlineData("（１＋２）×３ 等于多少？", "（１＋２）×３")]
    [InlineData("1+1等于几", "1+1")]
    [InlineData("算一下 3-5", "3-5")]
    [InlineData("请计算 2^10 的值", "2^10")]
    [InlineData("compute the value of -3 + .5, please", "-3 + .5")]
    [InlineData("计算 error div", "error div")]
    [InlineData("计算 1,000 + 2", "1,000 + 2")]
    [InlineData("what is 1,000 + 2", "1,000 + 2")]
    [InlineData("计算", "")]
    public void From_CalculationOnly_DoesNotSearch(string question, string expression)
    {
        QuestionPlan plan = QuestionPlan.From(question);
        Assert.Equal(expression, plan.Expression);
        Assert.False(plan.AsksSearch);
        Assert.Empty(plan.SearchTerms);
    }

    [Theory]
    [InlineData("计算 12*(3+4) 并搜索 heartbeat", "12*(3+4)", "heartbeat")]
    [InlineData("计算12*(3+4)并搜索heartbeat", "12*(3+4)", "heartbeat")]
    [InlineData("search for crash recovery and calculate 10/4", "10/4", "crash recovery")]
    [InlineData("calculate 10/4 search for tea", "10/4", "tea")]
    [InlineData("查一下心跳，然后算一下 60/3", "60/3", "心跳")]
    [InlineData("heartbeat interval times 3: 5*3", "5*3", "heartbeat interval times 3")]
    [InlineData("What is a silo (see 1+2)?", "1+2", "silo see")]
    [InlineData("calculate 3*4 and heartbeats", "3*4", "heartbeats")]
    public void From_Both_CalculatesAndSearches(string question, string expression, string terms)
    {
        QuestionPlan plan = QuestionPlan.From(question);
        Assert.Equal(expression, plan.Expression);
        Assert.True(plan.AsksSearch);
        Assert.Equal(terms, string.Join(' ', plan.SearchTerms));
    }

    [Theory]
    [InlineData("计算 error div 并搜索")]
    [InlineData("calculate error div and search")]
    [InlineData("calculate error div and search, for nothing")]
    public void From_SearchForNothing_KeepsTheSearchWithoutTerms(string question)
    {
        QuestionPlan plan = QuestionPlan.From(question);
        Assert.Equal("error div", plan.Expression);
        Assert.True(plan.AsksSearch);
        Assert.Empty(plan.SearchTerms);
    }

    [Theory]
    [InlineData("怎么样？")]
    [InlineData("how is it?")]
    [InlineData("!!!")]
    public void From_IdleWordsOnly_SearchWithoutTerms(string question)
    {
        QuestionPlan plan = QuestionPlan.From(question);
        Assert.True(plan.AsksSearch);
        Assert.Empty(plan.SearchTerms);
        Assert.Null(plan.Expression);
    }

    [Fact]
    public void From_TwoCalculations_NeitherVanishes() =>
        Assert.Equal("1+2; 3*4", QuestionPlan.From("calculate 1+2 and calculate 3*4").Expression);

    [Fact]
    public void From_ManyTerms_KeepsTheFirst() =>
        Assert.Equal(QuestionPlan.MaxTerms, QuestionPlan.From(string.Join(' ', Enumerable.Range(0, 100).Select(i => $"word{i}"))).SearchTerms.Count);

    [Theory]
    [InlineData("今天天气", true)]
    [InlineData("what is 任务组", true)]
    [InlineData("weather today", false)]
    public void IsChinese_ByItsCharacters(string question, bool chinese) => Assert.Equal(chinese, QuestionPlan.From(question).IsChinese);

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    public void From_Blank_ArgumentException(string question) => Assert.Throws<ArgumentException>(() => QuestionPlan.From(question));

    [Fact]
    public void From_TooLong_ArgumentException() =>
        Assert.Contains("4001", Assert.Throws<ArgumentException>(() => QuestionPlan.From(new string('a', QuestionPlan.MaxLength + 1))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1+")]
    [InlineData("-1")]
    [InlineData("((")]
    [InlineData("=?")]
    [InlineData("1,")]
    [InlineData("搜索并")]
    [InlineData("and ")]
    [InlineData("the value of ")]
    public void From_LongAndHostile_Ends(string unit)
    {
        string repeated = string.Concat(Enumerable.Repeat(unit, QuestionPlan.MaxLength / unit.Length));
        Assert.NotNull(QuestionPlan.From(repeated));
        Assert.NotNull(QuestionPlan.From($"计算{repeated[2..]}"));
    }
}
