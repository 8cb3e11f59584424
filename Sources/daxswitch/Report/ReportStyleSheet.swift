/// How a report looks: on a screen in the light or dark colours that the reader prefers, and on paper.
///
/// Each text has a contrast of at least 4.5 to its ground (WCAG 2.2, 1.4.3). No meaning is told by colour alone.
enum ReportStyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #ffffff; --raised: #f4f6f8; --text: #1b1f24; --faint: #57606a; --line: #d0d7de; --link: #0b57d0;
          --good: #116329; --careful: #7a4d00; --bad: #b3151f;
          --good-ground: #e6f4ea; --careful-ground: #fdf3d8; --bad-ground: #fdebec;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #14171a; --raised: #1e2328; --text: #e6e9ec; --faint: #a3adb8; --line: #3b434b; --link: #8ab4f8;
            --good: #6fd08c; --careful: #f0c060; --bad: #ff9a9a;
            --good-ground: #15301f; --careful-ground: #352a10; --bad-ground: #3b1a1c;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 68rem;
          font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground);
        }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
        h3 { font-size: 1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        p, ul, ol, dl, pre, figure { margin: .5rem 0; }
        p, li, dd { overflow-wrap: anywhere; }
        a { color: var(--link); }
        code, pre, td.code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .875em; }
        pre {
          padding: .5rem .75rem; background: var(--raised); border: 1px solid var(--line); border-radius: 4px;
          white-space: pre-wrap; overflow-wrap: anywhere;
        }
        .verdict { font-size: 1.15rem; font-weight: 600; padding: .6rem .9rem; border-left: 6px solid; border-radius: 4px; }
        .verdict.plain { background: var(--raised); }
        .good { color: var(--good); } .careful { color: var(--careful); } .bad { color: var(--bad); }
        .verdict.good { background: var(--good-ground); }
        .verdict.careful { background: var(--careful-ground); }
        .verdict.bad { background: var(--bad-ground); }
        dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1.5rem; }
        dt { color: var(--faint); }
        dd { margin: 0; }
        nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1rem 0 0; padding: 0; list-style: none; }
        ol code { margin-left: .5em; color: var(--faint); }
        .wide { overflow-x: auto; margin: .5rem 0 1.25rem; }
        table { border-collapse: collapse; width: 100%; }
        caption { text-align: left; color: var(--faint); padding-bottom: .25rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
        th { font-weight: 600; white-space: nowrap; }
        td.code { white-space: nowrap; }
        .number { text-align: right; white-space: nowrap; padding-right: 1.5rem; }
        .notice {
          color: var(--text); margin: .75rem 0; padding: .75rem 1rem; background: var(--raised);
          border-left: 6px solid var(--line); border-radius: 4px;
        }
        .notice.bad { border-left-color: var(--bad); }
        .notice.careful { border-left-color: var(--careful); }
        .notice pre { background: var(--ground); }
        .severity {
          display: inline-block; padding: 0 .5em; font-size: .875em; border: 1px solid; border-radius: 3px;
        }
        .notice.bad .severity { color: var(--bad); }
        .notice.careful .severity { color: var(--careful); }
        figure { overflow-x: auto; }
        figure svg { max-width: 100%; height: auto; }
        figure svg .g { fill: none !important; }
        figcaption { color: var(--faint); }
        @media (max-width: 40rem) {
          dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
          figure svg { max-width: none; }
          table { width: max-content; min-width: 100%; }
          td { max-width: 18rem; }
        }
        @media print {
          :root {
            color-scheme: light;
            --ground: #ffffff; --raised: #ffffff; --text: #000000; --faint: #404040; --line: #a0a0a0; --link: #000000;
            --good: #0a4a1c; --careful: #5c3a00; --bad: #8a0f17;
            --good-ground: #ffffff; --careful-ground: #ffffff; --bad-ground: #ffffff;
          }
          @page { margin: 15mm; }
          body { max-width: none; padding: 0; font-size: 10pt; }
          nav { display: none; }
          h2, h3, caption { break-after: avoid; }
          .notice, .wide, tr, figure, .verdict { break-inside: avoid; }
          svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          thead { display: table-header-group; }
          .wide, figure { overflow: visible; }
          td.code { white-space: normal; overflow-wrap: anywhere; }
        }
        """
}
