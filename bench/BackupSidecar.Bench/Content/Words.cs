using System.Text;

namespace BackupSidecar.Bench.Content;

/// <summary>A vocabulary of made-up words, of which the first ones are used most, as in any language.</summary>
internal static class Words
{
    private const int Count = 6000;
    private const int Draws = 1 << 16;

    private static readonly string[] Syllables =
    [
        "a", "al", "an", "ar", "be", "ca", "ce", "co", "da", "de", "di", "do", "e", "el", "en", "er", "fa", "fi", "ga", "ge", "ha", "he", "in",
        "ing", "ion", "ka", "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "ni", "no", "o", "on", "or", "pa", "pe", "po", "ra", "re",
        "ri", "ro", "sa", "se", "si", "so", "st", "ta", "te", "ter", "ti", "to", "tra", "un", "ur", "va", "ve", "vi",
    ];

    private static readonly byte[][] All = Make();
    private static readonly ushort[] Drawn = Draw();

    public static ReadOnlySpan<byte> Any(Noise noise) => All[Drawn[noise.Below(Draws)]];

    /// <summary>One of the first words, such as names are made of.</summary>
    public static ReadOnlySpan<byte> Common(Noise noise, int among) => All[noise.Below(among)];

    private static byte[][] Make()
    {
        var noise = new Noise(1);
        var words = new byte[Count][];
        for (var i = 0; i < Count; i++)
        {
            var word = new StringBuilder();
            for (var syllables = 1 + noise.Below(i < 100 ? 2 : 4); syllables >= 0; syllables--)
                word.Append(noise.Pick(Syllables));
            words[i] = Encoding.ASCII.GetBytes(word.ToString());
        }
        return words;
    }

    /// <summary>Zipf's law in whole numbers: the word at place n stands here in proportion to 1 / (n + 3).</summary>
    private static ushort[] Draw()
    {
        const long scale = 1L << 32;
        long sum = 0;
        for (var i = 0; i < Count; i++)
            sum += scale / (i + 3);
        var drawn = new ushort[Draws];
        long reached = 0;
        var word = 0;
        for (var place = 0; place < Draws; place++)
        {
            while (word < Count - 1 && (reached + (scale / (word + 3))) * Draws / sum <= place)
                reached += scale / (word++ + 3);
            drawn[place] = (ushort)word;
        }
        return drawn;
    }
}
