using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Tests.Agent;

public sealed class CalculatorTests
{
    [Theory]
    [InlineData("1+2", "3")]
    [InlineData("12*(3+4)", "84")]
    [InlineData("10/4", "2.5")]
    [InlineData("0.1+0.2", "0.3")]
    [InlineData("1.10+1.90", "3")]
    [InlineData("7 % 4 * 2", "6")]
    [InlineData("-7 % 4", "-3")]
    [InlineData("2-3-4", "-5")]
    [InlineData("16/4/2", "2")]
    [InlineData("2^3^2", "512")]
    [InlineData("-2^2", "-4")]
    [InlineData("(-2)^3", "-8")]
    [InlineData("2^-2", "0.25")]
    [InlineData("0.5^-90", "1237940039285380274899124224")]
    [InlineData("0.3^-2", "11.111111111111111111111111111")]
    [InlineData("0^0", "1")]
    [InlineData("1^79228162514264337593543950335", "1")]
    [InlineData("--3", "3")]
    [InlineData("2*-3", "-6")]
    [InlineData("+5", "5")]
    [InlineData(".5*2", "1")]
    [InlineData("1/3", "0.3333333333333333333333333333")]
    [InlineData("（１＋２）×３", "9")]
    [InlineData("６÷４", "1.5")]
    [InlineData("５−７", "-2")]
    [InlineData("１．５＊２　％ ２", "1")]
    [InlineData("2＾10", "1024")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    public void Evaluate_Expression_Value(string expression, string value) =>
        Assert.Equal(decimal.Parse(value), Calculator.Evaluate(expression));

    [Fact]
    public void Evaluate_TrailingZeros_AreGone() => Assert.Equal("3", $"{Calculator.Evaluate("1.50 * 2.00")}");

    [Theory]
    [InlineData("error div", "'e' at column 1 ")]
    [InlineData("", "ends at column 1,")]
    [InlineData("   ", "ends at column 4,")]
    [InlineData("1+", "ends at column 3,")]
    [InlineData("1 2", "'2' at column 3 ")]
    [InlineData("50%", "ends at column 4,")]
    [InlineData("1+*2", "'*' at column 3 ")]
    [InlineData("(1+2", "parenthesis at column 1 is not closed")]
    [InlineData("(1 2)", "'2' at column 4 is not an operator or ')'")]
    [InlineData("1+2)", "')' at column 4 ")]
    [InlineData("()", "')' at column 2 ")]
    [InlineData("5.", "after the point at column 2")]
    [InlineData("1.2.3", "'.' at column 4 ")]
    [InlineData("1,000+2", "',' at column 2 ")]
    [InlineData("1e3", "'e' at column 2 ")]
    [InlineData("2^0.5", "exponent of '^' at column 2 ")]
    [InlineData("1+😀", "'😀' at column 3 ")]
    [InlineData("NaN", "'N' at column 1 ")]
    [InlineData("∞", "'∞' at column 1 ")]
    public void Evaluate_NoExpression_FormatExceptionWithColumn(string expression, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Calculator.Evaluate(expression)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1/0", 2)]
    [InlineData("1 % (2-2)", 3)]
    [InlineData("0^-1", 2)]
    [InlineData("0/0", 2)]
    public void Evaluate_DivisionByZero_SaysWhere(string expression, int column) =>
        Assert.Contains($"column {column}", Assert.Throws<DivideByZeroException>(() => Calculator.Evaluate(expression)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("9^99")]
    [InlineData("79228162514264337593543950335+1")]
    [InlineData("79228162514264337593543950336")]
    [InlineData("10^20*10^20")]
    public void Evaluate_TooLarge_OverflowException(string expression) =>
        Assert.Throws<OverflowException>(() => Calculator.Evaluate(expression));

    [Theory]
    [InlineData("(")]
    [InlineData("-")]
    [InlineData("2^")]
    public void Evaluate_DeepNesting_FormatException(string level)
    {
        string expression = string.Concat(Enumerable.Repeat(level, Calculator.MaxNesting + 1)) + "1";
        Assert.Contains("nests deeper", Assert.Throws<FormatException>(() => Calculator.Evaluate(expression)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_NestingAtTheLimit_Value()
    {
        string expression = new string('(', Calculator.MaxNesting) + "1" + new string(')', Calculator.MaxNesting);
        Assert.Equal(1, Calculator.Evaluate(expression));
        Assert.Equal(2, Calculator.Evaluate($"{expression}+{expression}"));
    }

    [Fact]
    public void Evaluate_TooLong_FormatException() =>
        Assert.Contains("1001 characters", Assert.Throws<FormatException>(() => Calculator.Evaluate(new string('1', Calculator.MaxLength + 1))).Message, StringComparison.Ordinal);
}
