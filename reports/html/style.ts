/** The style sheet of the HTML report. */
import { SERIES_COLOURS } from '../charts/palette.js';

/** System fonts, five sizes (12, 14, 16, 20, 28 px), steps of 4 px; light, dark, narrow and print. */
export function styleSheet(): string {
  const shades = (scheme: 'light' | 'dark'): string =>
    SERIES_COLOURS.map((colour, index) => `--series-${index}:${colour[scheme]}`).join(';');
  return `
:root{color-scheme:light dark;--page:#fff;--text:#1c2126;--soft:#58626c;--line:#dde1e5;--panel:#f6f7f8;--good:#1a6b45;--bad:#b3261e;--warning:#8a5a00;${shades('light')}}
@media screen and (prefers-color-scheme:dark){:root{--page:#14171a;--text:#e4e7ea;--soft:#9ba5ae;--line:#30363c;--panel:#1c2024;--good:#6fcf9f;--bad:#ff8a80;--warning:#e6b45c;${shades('dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1152px;padding:32px 16px 64px;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1,h2,h3{line-height:1.25;margin:0;font-weight:600;text-wrap:balance}
h1{font-size:16px;color:var(--soft);font-weight:500}
h2{font-size:20px;margin:48px 0 12px}
h3,figcaption{font-size:14px;font-weight:600}
p{margin:8px 0;max-width:72ch}
.headline{font-size:28px;line-height:1.25;font-weight:600;margin:8px 0 16px;max-width:34ch;letter-spacing:-.01em;text-wrap:pretty}
ul{margin:8px 0;padding-left:20px;max-width:80ch}
li{margin:4px 0}
.soft,small,.note{color:var(--soft);font-size:14px}
.note{background:var(--panel);border-radius:6px;padding:12px 16px}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.warning{color:var(--warning)}
.scroll{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;line-height:1.4}
th,td{padding:6px 7px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:bottom}
th{font-weight:600}thead th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{text-align:left;padding-left:0;position:sticky;left:0;background:var(--page)}
tbody th{font-weight:500}
td:last-child{white-space:normal}
table.words th,table.words td{text-align:left;vertical-align:top;white-space:normal}
table.words td:not(:first-child){min-width:12em}
th small{display:block;font-size:12px;font-weight:400}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:12px 0 4px;padding:0;font-size:14px;max-width:none}
.legend li{display:flex;align-items:center;gap:8px;margin:0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,328px),1fr));gap:24px 20px;margin:16px 0}
figure{margin:0;min-width:0;break-inside:avoid}
figure svg{display:block;max-width:100%;height:auto;margin:8px 0 4px;overflow:visible}
figure p{font-size:12px;line-height:1.45;color:var(--soft);margin:4px 0}
svg text{font-family:inherit;font-variant-numeric:tabular-nums}
details{margin:12px 0}summary{cursor:pointer;font-size:14px;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;font-size:14px;margin:12px 0}
dt{color:var(--soft)}dd{margin:0}
code{font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:640px){body{padding-top:20px}.headline{font-size:20px}h2{margin-top:36px}th,td{padding:6px 8px}th:first-child,td:first-child{max-width:132px;white-space:normal}table.score :is(th,td){white-space:normal}tbody th small{display:none}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{body{max-width:none;padding:0;font-size:12px}.scroll{overflow:visible}table{font-size:10px}th,td{padding:4px 6px}th:first-child,td:first-child{position:static}.charts{grid-template-columns:repeat(2,1fr)}h2{break-after:avoid}tr{break-inside:avoid}}
`.trim();
}
