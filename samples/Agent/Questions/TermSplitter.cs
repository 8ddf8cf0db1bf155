using System.Text.RegularExpressions;

namespace Sheaf.Samples.Agent.Questions;

/// <summary>
/// The words of a text that are worth a search. English is split at spaces; Chinese, which has none, by the longest known or
/// idle word from left to right, and what lies between those into pairs of characters.
/// </summary>
internal static partial class TermSplitter
{
    // In milliseconds. No question of the allowed length needs more than a few; a hostile one ends here.
    private const int Patience = 1_000;

    private static readonly HashSet<string> IdleEnglish = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "about", "all", "am", "an", "and", "any", "anything", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did",
        "do", "does", "document", "documents", "explain", "find", "for", "from", "give", "has", "have", "how", "i", "if", "in", "into",
        "is", "it", "its", "like", "me", "much", "my", "not", "nothing", "of", "on", "or", "our", "please", "say", "should", "show",
        "so", "something", "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "us", "was",
        "we", "were", "what", "what's", "when", "where", "which", "who", "whose", "why", "will", "with", "would", "you", "your",
    };

    private static readonly HashSet<string> IdleChinese = new(StringComparer.Ordinal)
    {
        "怎么样", "怎么办", "怎么", "怎样", "什么样", "什么时候", "什么", "为什么", "为何", "如何", "哪些", "哪里", "哪个", "哪儿", "谁",
        "多少", "多大", "多久", "几", "是不是", "有没有", "能不能", "是否", "吗", "呢", "吧", "啊", "呀", "嘛", "的", "地", "得", "了", "着",
        "是", "有", "在", "和", "与", "及", "或", "或者", "把", "被", "对", "从", "到", "给", "让", "用", "就", "都", "也", "还", "很", "会",
        "能", "可以", "要", "想", "知道", "请", "请问", "告诉", "介绍", "解释", "说明", "说说", "讲讲", "看看", "一下", "一些", "关于", "有关",
        "我", "我们", "你", "你们", "他", "她", "它", "这", "这个", "那", "那个", "这些", "那些", "文档", "资料", "内容", "里", "中", "上",
        "等于", "结果", "值", "其中", "以及", "并", "且",
    };

    // Words of the documents beside this program, and some whose characters would else be taken for idle ones.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "今天", "明天", "昨天", "天气", "气温", "下雨", "崩溃", "恢复", "任务", "任务组", "心跳", "集群", "节点", "时区", "夏令时", "发布",
        "清单", "绿茶", "红茶", "泡茶", "水温", "异常", "异常组", "取消", "日志", "超时", "重试", "备份", "数据库", "计算机", "工作流",
        "并发", "并行", "合并", "目的", "能力", "功能", "性能", "需要", "重要", "会议", "机会", "用户", "使用", "作用", "应用", "地址",
        "地方", "到期", "对象", "从前", "中国", "中文", "中断", "上海", "上线", "了解", "在线", "有效", "没有", "是非", "想法", "也许",
    };

    private static readonly int LongestWord = Known.Concat(IdleChinese).Max(word => word.Length);

    /// <summary>The terms in the order of the text; a term may come twice.</summary>
    public static List<string> Split(string text)
    {
        var terms = new List<string>();
        foreach (Match word in Words().Matches(text))
        {
            if (word.Groups["chinese"].Success)
            {
                SplitChinese(word.Value, terms);
            }
            else if (!IdleEnglish.Contains(word.Value))
            {
                terms.Add(word.Value);
            }
        }

        return terms;
    }

    private static void SplitChinese(string text, List<string> terms)
    {
        int unknown = 0;
        int at = 0;
        while (at < text.Length)
        {
            string? word = WordAt(text, at);
            if (word is null)
            {
                at++;
                continue;
            }

            AddPairs(text[unknown..at], terms);
            if (Known.Contains(word)) terms.Add(word);
            at += word.Length;
            unknown = at;
        }

        AddPairs(text[unknown..], terms);
    }

    private static string? WordAt(string text, int at)
    {
        for (int length = Math.Min(LongestWord, text.Length - at); length > 0; length--)
        {
            string word = text.Substring(at, length);
            if (Known.Contains(word) || IdleChinese.Contains(word)) return word;
        }

        return null;
    }

    private static void AddPairs(string unknown, List<string> terms)
    {
        if (unknown.Length is 1 or 2) terms.Add(unknown);
        if (unknown.Length <= 2) return;
        for (int i = 0; i + 2 <= unknown.Length; i++) terms.Add(unknown.Substring(i, 2));
    }

    // "C#", "x86-64" and "what's" are words, too.
    [GeneratedRegex(
        """
        (?<chinese>[\u3400-\u9FFF]+)
        | [\p{L}\p{Nd}-[\u3400-\u9FFF]] (?:[\p{L}\p{Nd}\p{Mn}_'’.+\#\--[\u3400-\u9FFF]]* [\p{L}\p{Nd}+\#-[\u3400-\u9FFF]])?
        """,
        RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex Words();
}
