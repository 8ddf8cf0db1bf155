using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Sheaf.Docs.Tests;

/// <summary>
/// Code in the documents is code that compiles and runs: each C# block names a region of a file under Snippets/, here or in
/// tests/Cluster.Tests, whose method is a test, and has to be the same to the letter.
/// </summary>
public sealed partial class SnippetTests
{
    private static readonly string Root = typeof(SnippetTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>Snippets that need Orleans are tests of another project: this one builds without it.</summary>
    private static readonly string[] WithSnippets = ["Docs.Tests", "Cluster.Tests"];

    private static readonly string[] OutsideDocs = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", Path.Combine("tests", "TestKit", "README.md")];

    public static TheoryData<string> Documents() =>
        [.. OutsideDocs.Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Root, path)))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_CSharpBlocks_AreTheRegionsThatRun(string document)
    {
        Dictionary<string, string> regions = Regions();
        string text = File.ReadAllText(Path.Combine(Root, document)).ReplaceLineEndings("\n");
        StringBuilder wrong = new();
        foreach (Match block in CSharpBlock().Matches(text))
        {
            string name = block.Groups["name"].Value;
            if (name.Length == 0) wrong.AppendLine($"A C# block has no '<!-- snippet: NAME -->' in the line before it: {block.Value[..Math.Min(80, block.Value.Length)]}");
            else if (!regions.TryGetValue(name, out string? region)) wrong.AppendLine($"No region '{name}' under tests/Docs.Tests/Snippets or tests/Cluster.Tests/Snippets.");
            else if (region != block.Groups["code"].Value.TrimEnd()) wrong.AppendLine($"Snippet '{name}' differs from its region, which is:\n{region}\n");
        }

        Assert.True(wrong.Length == 0, $"{document}:\n{wrong}");
    }

    [Fact]
    public void Readme_FirstScreen_HasCode()
    {
        string firstScreen = string.Join('\n', File.ReadLines(Path.Combine(Root, "README.md")).Take(40));
        Assert.Matches(CSharpBlock(), firstScreen);
    }

    [Fact]
    public void Documents_RelativeLinks_LeadToFiles()
    {
        List<string> broken = [];
        foreach (string document in Documents().Select(row => row.Data))
        {
            string folder = Path.GetDirectoryName(Path.Combine(Root, document))!;
            foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(Root, document))))
            {
                string target = link.Groups["target"].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal)) continue;
                string path = Path.GetFullPath(Path.Combine(folder, target));
                if (!File.Exists(path) && !Directory.Exists(path)) broken.Add($"{document}: {target}");
            }
        }

        Assert.Empty(broken);
    }

    private static Dictionary<string, string> Regions()
    {
        Dictionary<string, string> regions = [];
        foreach (string file in WithSnippets.SelectMany(project => Directory.GetFiles(Path.Combine(Root, "tests", project, "Snippets"), "*.cs")))
        {
            foreach (Match region in Region().Matches(File.ReadAllText(file).ReplaceLineEndings("\n"))) regions.Add(region.Groups["name"].Value, Dedent(region.Groups["code"].Value));
        }

        return regions;
    }

    private static string Dedent(string code)
    {
        string[] lines = code.Split('\n');
        int indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length >= indent ? line[indent..] : line.TrimStart())).Trim('\n').TrimEnd();
    }

    [GeneratedRegex("""(?:<!-- snippet: (?<name>[\w-]+) -->\n)?```csharp\n(?<code>.*?)```""", RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex("""#region (?<name>[\w-]+)\n(?<code>.*?)\n *#endregion""", RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Region();

    [GeneratedRegex("""\]\((?<target>[^)\s]+)\)""", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Link();
}
