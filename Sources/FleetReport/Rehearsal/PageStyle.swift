/// The look of pages, in light and in dark.
enum PageStyle {
    static let css = """
        :root {
          color-scheme: light dark;
          --page: #ffffff; --ink: #1c2128; --faint: #5c6670; --line: #d8dee4; --band: #f3f5f7;
          --prepare: #b6c2cf; --drain: #2f7bd6; --verify: #7db4ef; --host: #8a63c9; --node: #3c9d6e;
          --aside: #c62f2f; --good: #1f7a4d; --bad: #b3261e;
          --r0: #c62f2f; --r1: #e9b44c; --r2: #a9d3a2; --r3: #dcebd9;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14181d; --ink: #e4e8ec; --faint: #98a3ae; --line: #333b44; --band: #1b2027;
            --prepare: #4d5965; --drain: #4a94ee; --verify: #2d5f96; --host: #9d7bdb; --node: #48b07d;
            --aside: #ef6a62; --good: #5cc492; --bad: #ff8a80;
            --r0: #e5534b; --r1: #b98a2b; --r2: #3d6b45; --r3: #26382a;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 60px; }
        h1 { font-size: 24px; margin: 0 0 4px; }
        h2 { font-size: 17px; margin: 36px 0 6px; }
        .note { color: var(--faint); margin: 0 0 10px; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        .facts { display: flex; flex-wrap: wrap; gap: 10px 28px; margin: 18px 0 0; }
        .facts div { min-width: 70px; }
        dt { color: var(--faint); font-size: 13px; } dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
        .key { white-space: nowrap; margin-right: 12px; }
        .key i { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
        .scroll { overflow-x: auto; }
        svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; }
        svg text { fill: var(--ink); } svg .faint { fill: var(--faint); } svg .wave { font-weight: 600; }
        svg .band { fill: var(--band); } svg .grid { stroke: var(--line); stroke-width: 1; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th, td { text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { color: var(--faint); font-weight: 500; } td.n:first-child { width: 1%; }
        .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .w-prepare { fill: var(--prepare); background: var(--prepare); } .w-drain { fill: var(--drain); background: var(--drain); }
        .w-verify { fill: var(--verify); background: var(--verify); } .w-host { fill: var(--host); background: var(--host); }
        .w-node { fill: var(--node); background: var(--node); } .aside { fill: var(--aside); background: var(--aside); }
        .r0 { fill: var(--r0); background: var(--r0); } .r1 { fill: var(--r1); background: var(--r1); }
        .r2 { fill: var(--r2); background: var(--r2); } .r3 { fill: var(--r3); background: var(--r3); }
        """
}
