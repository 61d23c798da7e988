namespace BackupSidecar.Bench.Content;

/// <summary>Text that people write: source code, configuration and pages of a web site.</summary>
internal static class Pages
{
    public static void Html(AsciiText text, Noise noise)
    {
        text.Add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <title>").Sentence(noise, 4).Add("</title>\n");
        text.Add("  <link rel=\"stylesheet\" href=\"/static/css/site.css\">\n</head>\n<body class=\"page\">\n");
        while (!text.IsFull())
        {
            text.Add("  <section class=\"section section--").Add(Words.Common(noise, 40)).Add("\">\n    <h2>").Sentence(noise, 3).Add("</h2>\n    <p>");
            text.Sentence(noise, 25 + noise.Below(35)).Add("</p>\n    <a class=\"button\" href=\"/").Add(Words.Common(noise, 60)).Add("/");
            text.Add(Words.Any(noise)).Add("\">").Add(Words.Any(noise)).Add("</a>\n  </section>\n");
        }
    }

    public static void Python(AsciiText text, Noise noise)
    {
        text.Add("import logging\nimport os\n\nfrom app.models import ").Add(Words.Common(noise, 200)).Add("\n\nlogger = logging.getLogger(__name__)\n\n");
        while (!text.IsFull())
        {
            text.Add("\ndef ").Add(Words.Common(noise, 300)).Add("_").Add(Words.Common(noise, 800)).Add("(self, ").Add(Words.Common(noise, 50));
            text.Add(", ").Add(Words.Common(noise, 50)).Add("=None):\n    \"\"\"").Sentence(noise, 7).Add(".\"\"\"\n");
            for (var lines = 2 + noise.Below(6); lines > 0; lines--)
            {
                text.Add("    if ").Add(Words.Common(noise, 50)).Add(" is None:\n        raise ValueError(\"").Sentence(noise, 5).Add("\")\n    self.");
                text.Add(Words.Common(noise, 300)).Add(" = ").Add(Words.Common(noise, 50)).Add(".get(\"").Add(Words.Common(noise, 300)).Add("\")\n");
            }
            text.Add("    return self.").Add(Words.Common(noise, 300)).Add("\n");
        }
    }

    public static void Settings(AsciiText text, Noise noise)
    {
        text.Add("{\n");
        while (!text.IsFull())
        {
            text.Add("  \"").Add(Words.Common(noise, 400)).Add("\": {\n    \"enabled\": ").Add(noise.Below(2) == 0 ? "true" : "false");
            text.Add(",\n    \"description\": \"").Sentence(noise, 6).Add("\",\n    \"timeout\": ").Add(noise.Below(600)).Add(",\n    \"path\": \"/srv/");
            text.Add(Words.Common(noise, 60)).Add("/").Add(Words.Any(noise)).Add("\"\n  },\n");
        }
    }
}
