using System.Globalization;
using System.Text;

namespace Sheaf.Samples.Agent.Tools;

/// <summary>
/// Arithmetic on <see cref="decimal"/>: <c>+ - * / % ^</c>, parentheses, signs. Full-width forms and × ÷ − count as their
/// ASCII twins. A result is exact while it has at most 28 digits and rounded to 28 beyond; it is never "not a number".
/// </summary>
/// <remarks>
/// <c>%</c> is the remainder and has the sign of its left side. <c>^</c> takes whole exponents, binds tighter than a sign before it
/// (<c>-2^2</c> is -4) and groups from the right. Pure, and so safe for any number of threads.
/// </remarks>
public static class Calculator
{
    /// <summary>The longest expression that is read, in characters.</summary>
    public const int MaxLength = 1_000;

    /// <summary>How deep parentheses, signs and exponents may nest.</summary>
    public const int MaxNesting = 64;

    /// <summary>The value of <paramref name="expression"/>, without trailing zeros after the point.</summary>
    /// <exception cref="FormatException">The text is no expression, or over a limit; the message says what and at which column.</exception>
    /// <exception cref="DivideByZeroException">A division, remainder or negative power of zero; the message says at which column.</exception>
    /// <exception cref="OverflowException">A value is beyond ±79,228,162,514,264,337,593,543,950,335.</exception>
    public static decimal Evaluate(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        if (expression.Length > MaxLength)
            throw new FormatException($"The expression has {expression.Length} characters; at most {MaxLength} are read.");
        return WithoutTrailingZeros(new Parser(expression).Parse());
    }

    /// <summary>The ASCII twin of a character that an expression may contain, or null where it is no part of any expression.</summary>
    internal static char? Fold(char c) => c switch
    {
        >= '0' and <= '9' or '+' or '-' or '*' or '/' or '%' or '^' or '(' or ')' or '.' or ' ' => c,
        >= '！' and <= '～' => Fold((char)(c - '！' + '!')),
        '×' or '∗' or '·' or '⋅' => '*',
        '÷' or '∕' => '/',
        '−' or '﹣' => '-',
        '\t' or '\r' or '\n' or '\u00A0' or '\u3000' => ' ',
        _ => null,
    };

    // Dividing by 1 with 28 zeros after the point gives the quotient its smallest scale.
    private static decimal WithoutTrailingZeros(decimal value) => value / 1.0000000000000000000000000000m;

    private ref struct Parser(string text)
    {
        private int _at;
        private int _depth;

        public decimal Parse()
        {
            decimal value = Sum();
            return Peek() is null ? value : throw Unexpected("an operator");
        }

        private decimal Sum()
        {
            decimal left = Product();
            while (Peek() is '+' or '-')
            {
                int operatorAt = _at;
                char operation = Take();
                decimal right = Product();
                left = Apply(operation, left, right, operatorAt);
            }

            return left;
        }

        private decimal Product()
        {
            decimal left = Signed();
            while (Peek() is '*' or '/' or '%')
            {
                int operatorAt = _at;
                char operation = Take();
                decimal right = Signed();
                left = Apply(operation, left, right, operatorAt);
            }

            return left;
        }

        private decimal Signed()
        {
            if (Peek() is not ('+' or '-')) return Power();
            Enter();
            decimal value = Take() == '-' ? -Signed() : Signed();
            _depth--;
            return value;
        }

        private decimal Power()
        {
            decimal left = Primary();
            if (Peek() is not '^') return left;
            int operatorAt = _at;
            Take();
            Enter();
            decimal right = Signed();
            _depth--;
            return Apply('^', left, right, operatorAt);
        }

        private decimal Primary()
        {
            char? next = Peek();
            if (next is (>= '0' and <= '9') or '.') return Number();
            if (next is not '(') throw Unexpected("a number");

            int opened = _at;
            Enter();
            Take();
            decimal value = Sum();
            if (Peek() is null) throw new FormatException($"The parenthesis at column {opened + 1} is not closed.");
            if (Peek() is not ')') throw Unexpected("an operator or ')'");
            Take();
            _depth--;
            return value;
        }

        private decimal Number()
        {
            int start = _at;
            var digits = new StringBuilder();
            AppendDigits(digits);
            if (Current is '.')
            {
                digits.Append('.');
                _at++;
                int fraction = _at;
                AppendDigits(digits);
                if (_at == fraction) throw new FormatException($"A digit is missing after the point at column {fraction}.");
            }

            return decimal.TryParse(digits.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
                ? value
                : throw new OverflowException($"The number at column {start + 1} is too large.");
        }

        private void AppendDigits(StringBuilder digits)
        {
            while (Current is { } c and >= '0' and <= '9')
            {
                digits.Append(c);
                _at++;
            }
        }

        private readonly char? Current => _at < text.Length ? Fold(text[_at]) : null;

        /// <summary>Skips spaces; null at the end and at a character that belongs to no expression.</summary>
        private char? Peek()
        {
            while (Current is ' ') _at++;
            if (_at < text.Length && Current is null)
                throw new FormatException(text[_at] == ';'
                    ? $"One calculation at a time: at column {_at + 1} of '{text}' a second one begins."
                    : $"'{Found()}' at column {_at + 1} is no part of an expression.");
            return Current;
        }

        private char Take()
        {
            char taken = Current!.Value;
            _at++;
            return taken;
        }

        private void Enter()
        {
            if (++_depth > MaxNesting)
                throw new FormatException($"The expression nests deeper than {MaxNesting} levels at column {_at + 1}.");
        }

        private readonly FormatException Unexpected(string expected)
        {
            if (_at >= text.Length)
                return new FormatException($"The expression ends at column {_at + 1}, where {expected} is expected.");
            return new FormatException($"'{Found()}' at column {_at + 1} is not {expected}.");
        }

        private readonly string Found() => Rune.TryGetRuneAt(text, _at, out Rune rune) ? rune.ToString() : "\uFFFD";
    }

    private static decimal Apply(char operation, decimal left, decimal right, int operatorAt)
    {
        try
        {
            return operation switch
            {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                '/' => left / right,
                '%' => left % right,
                _ => Raise(left, right, operatorAt),
            };
        }
        catch (DivideByZeroException exception)
        {
            throw new DivideByZeroException($"Division by zero at column {operatorAt + 1}.", exception);
        }
        catch (OverflowException exception)
        {
            throw new OverflowException($"The result of '{operation}' at column {operatorAt + 1} is too large.", exception);
        }
    }

    private static decimal Raise(decimal number, decimal exponent, int operatorAt)
    {
        if (decimal.Truncate(exponent) != exponent)
            throw new FormatException($"The exponent of '^' at column {operatorAt + 1} is not a whole number.");
        if (exponent >= 0) return RaiseToNatural(number, exponent);
        // A power of a number below one runs out of digits and becomes zero: where it would, the number is inverted first.
        bool runsOut = Math.Abs(number) < 1 && number.Scale * -exponent > 28;
        return runsOut ? RaiseToNatural(1 / number, -exponent) : 1 / RaiseToNatural(number, -exponent);
    }

    private static decimal RaiseToNatural(decimal number, decimal exponent)
    {
        decimal result = 1;
        while (true)
        {
            if (exponent % 2 == 1) result *= number;
            exponent = decimal.Truncate(exponent / 2);
            // The square that nobody needs would overflow first.
            if (exponent == 0) return result;
            number *= number;
        }
    }
}
