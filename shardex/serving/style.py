"""How the pages look: one sheet, which stands in each page and whose hash is in the policy that it is sent with."""

STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--line:#dbe2e9;--page:#f4f6f8;--card:#fff;--bar:#1f68bd;
--track:#e6ebf0;--good:#177245;--wait:#8a5a00;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9ee;--soft:#9aa8b5;--line:#2b3742;--page:#11171d;--card:#1a222a;
--bar:#5aa2ef;--track:#2b3742;--good:#56c98d;--wait:#e3b14d;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.25rem;max-width:72rem;background:var(--page);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:baseline}
a{color:var(--bar)}nav a{margin-right:1rem}p{margin:.3rem 0}
.soft{color:var(--soft)}.good{color:var(--good)}.wait{color:var(--wait)}.bad{color:var(--bad)}
.state{font-weight:600}
.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1rem 0 0;padding:0}
.totals div,.sheet{background:var(--card);border:1px solid var(--line);border-radius:.5rem}
.totals div{padding:.6rem .8rem}.totals dt{color:var(--soft);font-size:.85rem}
.totals dd{margin:0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums}
.sheet{overflow:hidden}table{width:100%;border-collapse:collapse}
th{color:var(--soft);font-weight:500;font-size:.85rem;text-align:right;padding:.5rem .7rem}
td{padding:.4rem .7rem;border-top:1px solid var(--line);text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
th:first-child,td:first-child,th:last-child,td:last-child{text-align:left}
td:last-child{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
svg{display:block;width:8rem;height:.4rem;margin:.2rem 0 0 auto;border-radius:.2rem;background:var(--track)}
rect{fill:var(--bar)}
@media (max-width:60rem){body{padding:.8rem}thead{display:none}
tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr));gap:.1rem .9rem;
padding:.6rem .8rem;border-top:1px solid var(--line)}
tr:first-child{border-top:0}td{display:block;border:0;padding:.1rem 0;text-align:left;
white-space:normal;overflow-wrap:anywhere}
td:first-child,td:last-child{grid-column:1/-1}td:first-child{font-weight:600}svg{width:100%}
td[data-name]::before{content:attr(data-name);display:block;color:var(--soft);font-size:.78rem}}
"""
