namespace BackupSidecar.Reports.Drills;

/// <summary>How a drill's page looks: by day and by night, on a phone, and on one sheet of paper.</summary>
internal static class DrillPageStyle
{
    public const string Css =
        """
        :root { --ink: #1b1f24; --soft: #5b6470; --line: #d8dde3; --paper: #ffffff; --ground: #f3f5f7;
          --good: #1a7f37; --fair: #8a5a00; --bad: #b3261e; --p0: #4a7fb5; --p1: #7aa6c9; --p2: #c9a24a; --p3: #4f9d69; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b1; --line: #343b44; --paper: #1b2027; --ground: #12161b;
          --good: #56c271; --fair: #e0b04a; --bad: #ff8a80; --p0: #5b93cc; --p1: #86b3d6; --p2: #d8b25c; --p3: #5fb37b; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { max-width: 54rem; margin: 1.5rem auto; padding: 1.5rem 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; }
        h1 { margin: 0; font-size: 1.7rem; overflow-wrap: anywhere; }
        h2 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
        p { margin: .3rem 0; }
        .kind { color: var(--soft); letter-spacing: .06em; text-transform: uppercase; font-size: .75rem; }
        .verdict { display: inline-block; margin-top: .6rem; padding: .35rem .8rem; border: 1.5px solid; border-radius: 7px; font-weight: 600; }
        .good { color: var(--good); } .fair { color: var(--fair); } .bad { color: var(--bad); }
        .problem { color: var(--bad); overflow-wrap: anywhere; }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
        .facts div { border-left: 3px solid var(--line); padding-left: .7rem; }
        dt, small, .more, .note, footer { color: var(--soft); font-size: .8rem; }
        dd { margin: 0; font-size: 1.15rem; font-weight: 600; } dd.more { font-weight: 400; font-size: .8rem; overflow-wrap: anywhere; }
        .bar { display: flex; height: .8rem; overflow: hidden; border-radius: 5px; background: var(--line); }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .4rem 0 0; padding: 0; list-style: none; font-size: .82rem; }
        .legend i { display: inline-block; width: .7rem; height: .7rem; margin-right: .35rem; border-radius: 2px; }
        .part0 { background: var(--p0); } .part1 { background: var(--p1); } .part2 { background: var(--p2); } .part3 { background: var(--p3); }
        table { width: 100%; border-collapse: collapse; font-size: .9rem; }
        th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
        th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        th, .sources td:nth-child(2) { overflow-wrap: break-word; } .sources small { overflow-wrap: anywhere; }
        small { display: block; } .assertions small { display: inline; }
        .counts td + td, .counts th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .counts small { display: inline; margin-left: .5rem; }
        .differs td { color: var(--bad); font-weight: 600; }
        .assertions, .remarks { margin: 0; padding-left: 1.2rem; font-size: .9rem; } .assertions .false { color: var(--bad); }
        footer { margin-top: 1.4rem; }
        @media (max-width: 36rem) { main { margin: 0; padding: 1rem; border: 0; border-radius: 0; }
          .sources, .sources tbody, .sources tr, .sources td { display: block; } .sources th { display: none; } .sources td { border: 0; padding: .1rem 0; }
          .sources tr { border-bottom: 1px solid var(--line); padding: .4rem 0; } }
        @page { size: A4; margin: 10mm 12mm; }
        @media print { :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --ground: #fff; --good: #14602a; --fair: #6b4700; --bad: #9b1c15; }
          html, body { font-size: 10.5px; } main { margin: 0; padding: 0; border: 0; max-width: none; } h2 { margin: .7rem 0 .1rem; } .facts { margin: .7rem 0; }
          th, td { padding-top: .1rem; padding-bottom: .1rem; } tr, li { break-inside: avoid; } .bar span, .legend i, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        """;
}
