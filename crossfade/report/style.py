"""How the report looks: two palettes and one style sheet. No colour is written anywhere else.

Blue and green mean the two clusters and nothing else; red means bad; everything else is ink and paper.
A test holds both palettes to the contrast that WCAG 2 asks for at level AA.
"""

from collections.abc import Mapping
from typing import Final

LIGHT: Final = {
    "paper": "#ffffff",
    "panel": "#f6f7f8",
    "ink": "#16191d",
    "muted": "#596068",
    "rule": "#dde0e4",
    "band": "#f1f3f5",
    "blue": "#1d5fc2",
    "blue-soft": "#dbe7f9",
    "green": "#0f7a4d",
    "green-soft": "#d6eee1",
    "bad": "#b3261e",
    "bad-soft": "#fbe4e1",
    "on-tone": "#ffffff",
}
DARK: Final = {
    "paper": "#121417",
    "panel": "#1a1d21",
    "ink": "#e9ebee",
    "muted": "#a1a8b0",
    "rule": "#33383f",
    "band": "#1c2024",
    "blue": "#79aefc",
    "blue-soft": "#1b2f4d",
    "green": "#56c990",
    "green-soft": "#15382a",
    "bad": "#ff8c82",
    "bad-soft": "#47211f",
    "on-tone": "#121417",
}


def sheet() -> str:
    """The style sheet."""
    return f"{palettes(LIGHT, DARK)}\n{_RULES}"


def palettes(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """Rules that name the colours: *dark* for whoever wants a dark screen, *light* for others and on paper."""
    on_dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}"
    return f":root{{color-scheme:light dark;{_variables(light)}}}\n{on_dark}"


def _variables(palette: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in palette.items())


_RULES = """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  font-variant-numeric:tabular-nums}
main,.masthead,footer{max-width:65rem;margin:0 auto;padding:0 1.5rem}
.masthead{padding-top:2rem}
h1,h2,h3,p,dl,dd,ol,ul,figure{margin:0}
h1{font-size:2.25rem;line-height:1.15;font-weight:650;letter-spacing:-.02em;text-wrap:balance}
h2{font-size:1.25rem;line-height:1.3;font-weight:650;letter-spacing:-.01em}
h3{font-size:1rem;line-height:1.4;font-weight:600}
section{margin-top:3.5rem}
.lead{margin:.375rem 0 1.25rem;color:var(--muted);max-width:46rem;text-wrap:pretty}
.muted{color:var(--muted)}
.small{font-size:.875rem}
.nowrap{white-space:nowrap}
code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
a{color:inherit}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  font-variant-numeric:tabular-nums;fill:var(--muted)}

.eyebrow{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;font-size:.875rem;color:var(--muted);
  margin-bottom:1.5rem}
.eyebrow strong{color:var(--ink);font-weight:650}
.flag{border:1px solid currentColor;border-radius:1rem;padding:.0625rem .625rem;font-size:.8125rem}
.outcome h1 .tone{display:inline}
.good .tone{color:var(--green)}
.back .tone{color:var(--blue)}
.bad .tone{color:var(--bad)}
.reason{margin-top:.75rem;font-size:1.125rem;line-height:1.45;max-width:52rem;text-wrap:pretty;overflow-wrap:anywhere}
ul.reason{padding-left:1.25rem;font-size:1rem}
ul.reason li+li{margin-top:.25rem}
.traffic{margin-top:1.5rem}
.traffic svg{height:.75rem;border-radius:.375rem;overflow:hidden}
.traffic div{display:flex;justify-content:space-between;gap:1rem;margin-top:.375rem;font-size:.875rem}
.traffic .left{color:var(--blue)}
.traffic .right{color:var(--green);text-align:right}
.alert{margin-top:1.5rem;padding:1rem 1.25rem;background:var(--bad-soft);border-left:4px solid var(--bad);
  border-radius:.25rem}
.alert h2{font-size:1rem;color:var(--bad)}
.alert ul{margin:.25rem 0 0;padding-left:1.25rem}
.meta{display:grid;grid-template-columns:repeat(3,1fr);gap:.75rem 2rem;margin-top:1.5rem;
  padding-top:1.25rem;border-top:1px solid var(--rule);font-size:.875rem}
.meta dt{color:var(--muted)}
.meta dd{overflow-wrap:anywhere}

nav{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin-top:1.25rem;font-size:.875rem}
nav a{text-decoration-color:var(--rule);text-underline-offset:.25em;text-decoration-thickness:1px}
nav a:hover{text-decoration-color:currentColor}

.figures{display:grid;grid-template-columns:repeat(4,1fr);border:1px solid var(--rule);border-radius:.5rem;
  overflow:hidden;margin-top:1rem}
.figures div{padding:1rem 1.125rem;border:solid var(--rule);border-width:0 1px 1px 0;margin:0 -1px -1px 0}
.figures dt{font-size:.8125rem;color:var(--muted)}
.figures .value{font-size:1.625rem;line-height:1.25;font-weight:600;letter-spacing:-.02em;margin-top:.125rem}
.figures .value.none{font-size:1rem;line-height:2.03125rem;font-weight:400;letter-spacing:0;color:var(--muted)}
.figures .note{font-size:.8125rem;line-height:1.4;color:var(--muted);margin-top:.125rem;text-wrap:pretty}
.figures .value.bad{color:var(--bad)}

figure{margin-top:1rem}
figcaption{font-size:.875rem;color:var(--muted);margin-bottom:.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0;list-style:none;font-size:.875rem;
  color:var(--ink)}
.legend li{display:flex;align-items:center;gap:.5rem}
.legend svg{width:1.5rem;height:.75rem;flex:none}
.narrow{display:none}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1.75rem 2rem;margin-top:1.25rem}
.multiples .host{font-size:.8125rem;color:var(--muted);overflow-wrap:anywhere}
.multiples svg{margin:.5rem 0 .25rem;max-width:23rem}
.empty{margin-top:1rem;padding:1.25rem;background:var(--panel);border-radius:.5rem;color:var(--muted)}

.axis{stroke:var(--rule);stroke-width:1}
.axis.base{stroke:var(--muted)}
.band{fill:var(--band)}
.band.plain{fill:none}
.band.red{fill:var(--bad-soft)}
.band-name{font-weight:600;paint-order:stroke;stroke:var(--band);stroke-width:6px;stroke-linejoin:round}
.band-name.plain{stroke:var(--paper)}
.band-name.red{stroke:var(--bad-soft)}
svg .band-name.red,svg .mark-label.red{fill:var(--bad)}
svg .mark-label{fill:var(--ink)}
.mark{stroke:var(--muted);stroke-width:1;stroke-dasharray:1 3;stroke-linecap:round}
.mark.red{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:none}
.written{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-linejoin:round}
.observed{fill:none;stroke:var(--green);stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
.observed-area{fill:var(--green-soft)}
.blue-line{fill:none;stroke:var(--blue);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.green-line{fill:none;stroke:var(--green);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.blue-fill{fill:var(--blue)}
.green-fill{fill:var(--green)}
.blue-area{fill:var(--blue-soft);stroke:var(--blue);stroke-width:1}
.green-area{fill:var(--green-soft);stroke:var(--green);stroke-width:1}
.bad-fill{fill:var(--bad)}
.grey-fill{fill:var(--rule)}
.part{fill:var(--panel);stroke:var(--rule)}
.part.decided{fill:var(--bad-soft);stroke:none}
svg .part-label{fill:var(--ink)}
.hit{fill:transparent}
.hit:hover{fill:var(--ink);fill-opacity:.07}

.scroll{overflow-x:auto;margin-top:1rem}
.scroll:focus-visible,a:focus-visible,pre:focus-visible,summary:focus-visible{outline:2px solid var(--blue);
  outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.45}
caption{text-align:left;color:var(--muted);padding-bottom:.5rem;font-size:.875rem;caption-side:top}
th,td{text-align:left;padding:.5rem 1rem .5rem 0;border-bottom:1px solid var(--rule);vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:500;border-bottom-color:var(--muted);white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500}
.num{text-align:right;white-space:nowrap}
.num+th:not(.num),.num+td:not(.num){padding-left:1.25rem}
.time{white-space:nowrap;color:var(--muted)}
td.text{min-width:16rem;overflow-wrap:anywhere;white-space:pre-line}
th.host{min-width:11rem}
td.wide{min-width:11rem;overflow-wrap:anywhere}
.is-blue{color:var(--blue)}
.is-green{color:var(--green)}
.is-bad{color:var(--bad);font-weight:600}
tr.faint td,tr.faint th{color:var(--muted)}

.next{margin:1rem 0 0;padding-left:1.25rem}
.next p{max-width:52rem}
.next li+li{margin-top:.5rem}
.next li::marker{color:var(--muted)}
pre{margin:.5rem 0 0;padding:.75rem 1rem;background:var(--panel);border-radius:.375rem;overflow-x:auto}
pre code{white-space:pre-wrap;overflow-wrap:anywhere}
figure+details{margin-top:1.5rem}
details{border-bottom:1px solid var(--rule)}
details:first-of-type{border-top:1px solid var(--rule)}
summary{display:grid;grid-template-columns:1.75rem 4.75rem 6rem 1fr 1rem;gap:.5rem;align-items:baseline;
  padding:.625rem 0;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary::after{content:"+";color:var(--muted);text-align:right}
details[open]>summary::after{content:"\\2212"}
summary .words{overflow-wrap:anywhere}
summary.plain{grid-template-columns:1fr 1rem}
.detail{padding:.25rem 0 1.25rem 2.25rem}
.detail.flush{padding-left:0}
.detail:not(.flush) table{width:auto;min-width:min(24rem,100%)}
.detail .scroll+.scroll,.detail p+.scroll{margin-top:1rem}
.badge{display:inline-block;min-width:1.375rem;padding:0 .25rem;border:1px solid var(--muted);border-radius:.75rem;
  text-align:center;font-size:.75rem;line-height:1.25rem;color:var(--ink);align-self:start;margin-top:.0625rem}
.badge.bad{border-color:var(--bad);background:var(--bad);color:var(--on-tone)}
footer{margin-top:4rem;padding-top:1.25rem;padding-bottom:3rem;font-size:.8125rem;color:var(--muted)}
footer .line{border-top:1px solid var(--rule);padding-top:1.25rem}
footer p+p{margin-top:.375rem}

@media (max-width:52rem){.figures{grid-template-columns:repeat(2,1fr)}}
@media screen and (max-width:40rem){
  main,.masthead,footer{padding-left:1rem;padding-right:1rem}
  .masthead{padding-top:1.25rem}
  h1{font-size:1.75rem}
  section{margin-top:2.5rem}
  .wide{display:none}
  .narrow{display:block}
  .meta{grid-template-columns:repeat(2,1fr);gap:.75rem 1.25rem}
  .figures div{padding:.75rem .875rem}
  .figures .value{font-size:1.375rem}
  .figures .value.none{line-height:1.71875rem}
  summary{grid-template-columns:1.75rem 4.25rem 1fr 1rem}
  summary .words{grid-column:2/4}
  summary.plain{grid-template-columns:1fr 1rem}
  summary.plain .words{grid-column:auto}
  .detail{padding-left:0}
  caption{max-width:calc(100vw - 2rem)}
  thead th,thead th.num,tbody th.nowrap{white-space:normal}
  tbody th.nowrap{min-width:7rem}
  td.text{min-width:12rem}
  th.host{min-width:9rem}
  .timeline th:nth-child(2),.timeline td:nth-child(2),.timeline th:nth-child(3),.timeline td:nth-child(3){display:none}
}
@media print{
  @page{size:A4;margin:16mm 14mm}
  body{font-size:10.5pt}
  main,.masthead,footer{max-width:none;padding-left:0;padding-right:0}
  .masthead{padding-top:0}
  nav{display:none}
  section{margin-top:2rem}
  h1{font-size:22pt}
  h2,h3,.lead,.legend,figcaption,caption,thead,summary{break-after:avoid}
  .lead,.legend{break-inside:avoid}
  tbody tr:first-child{break-before:avoid}
  .multiples{grid-template-columns:repeat(3,1fr)}
  figure,.figures,.alert,.meta,.multiples>div,summary{break-inside:avoid}
  tr{break-inside:avoid}
  thead{display:table-header-group}
  .scroll{overflow:visible}
  .figures{grid-template-columns:repeat(4,1fr)}
  details:not(.quiet)::details-content{content-visibility:visible;block-size:auto}
  summary::after,details[open]>summary::after{content:none}
  .quiet:not([open]){display:none}
  svg,.badge.bad{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""
