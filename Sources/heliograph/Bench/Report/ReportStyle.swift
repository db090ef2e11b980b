/// The style sheet of a report: one set of rules, two sets of colours.
enum ReportStyle {
    static let css = """

        :root {
            --page: #f6f7f8; --card: #ffffff; --ink: #16191d; --soft: #5b6470; --rule: #e3e6ea; --axis: #aab2bd;
            --a: #1f5fd6; --a-fill: #1f5fd61f; --b: #b3470b; --c: #8b95a3; --warn: #fff4dd; --warn-ink: #6b4500; --warn-rule: #f0cf8a;
        }
        @media (prefers-color-scheme: dark) {
            :root {
                --page: #0f1215; --card: #171b20; --ink: #e8ebef; --soft: #98a2b0; --rule: #2a3038; --axis: #5c6673;
                --a: #79aaff; --a-fill: #79aaff24; --b: #ff9d5c; --c: #77818f; --warn: #2c2412; --warn-ink: #f2cf86; --warn-rule: #59471d;
            }
        }
        * { box-sizing: border-box; }
        body {
            margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
            font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        }
        main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
        h1 { font-size: 2rem; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
        h2 { font-size: 1rem; margin: 0; }
        .eyebrow { margin: 0 0 .25rem; color: var(--a); font-weight: 600; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; }
        .target { margin: .35rem 0 0; overflow-wrap: anywhere; }
        code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .95em; }
        .when { margin: .1rem 0 0; color: var(--soft); font-size: .9rem; }
        aside { margin-top: 1.25rem; padding: .7rem 1rem; border: 1px solid var(--warn-rule); border-radius: 10px; background: var(--warn); color: var(--warn-ink); }
        aside ul { margin: 0; padding-left: 1.1rem; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
        .tiles div, figure, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
        .tiles div { padding: .8rem 1rem .7rem; }
        dt { color: var(--soft); font-size: .82rem; }
        dd { margin: .1rem 0 0; font-size: 1.55rem; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
        figure { margin: 0 0 1rem; padding: 1rem 1.1rem .6rem; }
        figcaption p { margin: .1rem 0 0; color: var(--soft); font-size: .86rem; }
        svg { display: block; width: 100%; height: auto; margin-top: .6rem; font-size: 12px; font-variant-numeric: tabular-nums; }
        .chart { overflow-x: auto; }
        @media (max-width: 42rem) { svg { min-width: 38rem; } }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .axis { stroke: var(--axis); stroke-width: 1; }
        .tick { fill: var(--soft); }
        .mark { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
        .line-a, .line-b, .line-c { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .line-a { stroke: var(--a); } .line-b { stroke: var(--b); } .line-c { stroke: var(--c); stroke-width: 1.25; }
        .area-a { fill: var(--a-fill); }
        .dot-a { fill: var(--a); stroke: var(--card); stroke-width: 2; }
        .name-a { fill: var(--a); font-weight: 600; } .name-b { fill: var(--b); font-weight: 600; } .name-c { fill: var(--soft); font-weight: 600; }
        .hint { fill: var(--ink); opacity: 0; } .hint:hover { opacity: .35; }
        .tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1rem; align-items: start; }
        .card { padding: .9rem 1.1rem 1rem; }
        table { width: 100%; border-spacing: 0; font-size: .9rem; }
        caption { text-align: left; font-weight: 600; padding: 0 0 .5rem; }
        th { text-align: left; font-weight: 400; color: var(--soft); padding: .3rem .75rem .3rem 0; vertical-align: top; white-space: nowrap; }
        td { text-align: right; padding: .3rem 0; font-variant-numeric: tabular-nums; }
        tr + tr th, tr + tr td { border-top: 1px solid var(--rule); }
        footer { margin-top: 1.5rem; color: var(--soft); font-size: .86rem; max-width: 46rem; }
        footer p { margin: 0 0 .5rem; }
        @media print { body { background: none; } main { padding: 0; } figure, .card, .tiles div { break-inside: avoid; } }

        """
}
