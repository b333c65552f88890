/** The style sheet of the HTML report. */
import { STYLES, seriesShade } from '../charts/palette.js';

/** System fonts, six sizes (12, 13, 14, 16, 20, 26 px), steps of 4 px; light, dark, narrow and print. */
export function styleSheet(): string {
  const shades = (scheme: 'light' | 'dark'): string =>
    Array.from({ length: STYLES }, (_, index) => `--series-${index}:${seriesShade(index, scheme)}`).join(';');
  return [
    `:root{color-scheme:light dark;--page:#fff;--text:#1c2126;--soft:#58626c;--line:#dde1e5;--panel:#f6f7f8;--good:#1a6b45;--bad:#b3261e;--warning:#8a5a00;${shades('light')}}`,
    `@media screen and (prefers-color-scheme:dark){:root{--page:#14171a;--text:#e4e7ea;--soft:#9ba5ae;--line:#30363c;--panel:#1c2024;--good:#6fcf9f;--bad:#ff8a80;--warning:#e6b45c;${shades('dark')}}}`,
    TEXT,
    TABLES,
    FIGURES,
    NARROW,
    PRINT,
  ].join('\n');
}

const TEXT = `
*{box-sizing:border-box}
body{margin:0 auto;max-width:1184px;padding:32px 16px 64px;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1,h2,h3,h4{line-height:1.25;margin:0;font-weight:600;text-wrap:balance}
h1{font-size:14px;color:var(--soft);font-weight:500}
h2{font-size:20px;margin:48px 0 8px}
h3{font-size:16px;display:inline}
h4{font-size:14px;margin:32px 0 8px}
p{margin:8px 0;max-width:76ch}
.headline{font-size:26px;line-height:1.25;font-weight:600;margin:8px 0 16px;max-width:48ch;letter-spacing:-.01em;text-wrap:pretty}
ul{margin:8px 0;padding-left:20px;max-width:90ch}
li{margin:4px 0}
.soft,.note{color:var(--soft);font-size:14px}
small{font-size:12px;color:var(--soft);font-weight:400}
.note{background:var(--panel);border-radius:6px;padding:12px 16px}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.warning{color:var(--warning)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
details{margin:12px 0}
summary{cursor:pointer;font-size:14px;color:var(--soft)}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--series-3);outline-offset:2px;border-radius:4px}
.case{border-top:1px solid var(--line);margin:0;padding:12px 0}
.case>summary{color:var(--text);padding:4px 0}
.case>summary>span{display:block;padding-left:18px}
.case[open]>summary{margin-bottom:12px}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;font-size:14px;margin:12px 0}
dt{color:var(--soft)}dd{margin:0}
code{font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
code.command{display:block;background:var(--panel);border-radius:6px;padding:12px 16px}`;

const TABLES = `
.scroll{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;line-height:1.4}
th,td{padding:6px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th{font-weight:600}thead th{color:var(--soft);font-weight:500;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;padding-left:0;position:sticky;left:0;background:var(--page)}
tbody th{font-weight:500}
td:last-child{white-space:normal}
table.words th,table.words td{text-align:left;white-space:normal}
table.words td:not(:first-child){min-width:12em}
td small,th small{display:block}
table.score{width:100%;table-layout:fixed;min-width:640px}
table.score th:first-child,table.score thead td{width:30%}
table.score td{white-space:normal}
table.score thead th{color:var(--text);font-size:14px;font-weight:600;white-space:normal}
table.score td.words{font-size:12px}
table.score thead th svg{display:block;margin:0 0 4px auto}
table.score tr.first td{font-size:26px;font-weight:600;line-height:1.2;letter-spacing:-.01em}
table.score tr.group th{font-size:12px;color:var(--soft);padding:20px 0 4px;font-weight:600;text-transform:uppercase;letter-spacing:.05em}
table.score details{margin:0}
table.score summary{color:var(--text);font-weight:500}
table.score summary small{display:inline;margin-left:4px}
table.score details p{font-size:13px;font-weight:400;color:var(--soft);margin:4px 0 4px 16px;white-space:normal}
.data{margin:4px 0}.data summary{font-size:12px}.data table{font-size:12px}.data th,.data td{padding:3px 8px}
.data .scroll{max-height:320px;overflow-y:auto}`;

const FIGURES = `
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:12px 0 4px;padding:0;font-size:14px;max-width:none}
.legend li{display:flex;align-items:center;gap:8px;margin:0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,328px),1fr));gap:28px 32px;margin:16px 0}
.charts.four{grid-template-columns:repeat(auto-fit,minmax(min(100%,264px),1fr));gap:24px 20px}
figure{margin:0;min-width:0;break-inside:avoid}
figcaption{font-size:14px;font-weight:600}
figure svg[role]{display:block;width:100%;max-width:420px;height:auto;margin:8px 0 4px;overflow:visible}
figure p{font-size:12px;line-height:1.45;color:var(--soft);margin:4px 0}
figure .note{font-size:14px}
figure .legend{font-size:12px;gap:2px 12px}
svg text{font-family:inherit;font-variant-numeric:tabular-nums}
figure svg.sequence{max-width:328px}
.sequence text{font-size:11px;fill:currentColor}
.sequence .event{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.sequence .time{fill-opacity:.8}`;

/** On a phone each row of the scorecard has its name above its values, so that all strategies fit. */
const NARROW = `
@media (max-width:640px){body{padding-top:20px}.headline{font-size:20px}h2{margin-top:36px}th:first-child,td:first-child{max-width:132px;white-space:normal}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media screen and (max-width:640px){table.score{display:block;min-width:0}table.score :is(thead,tbody){display:block}table.score tr{display:grid;grid-template-columns:repeat(var(--strategies),minmax(68px,1fr));border-bottom:1px solid var(--line)}table.score :is(th,td){border:0;padding:2px 4px;font-size:13px;min-width:0;max-width:none}table.score thead td{display:none}table.score tbody th:first-child{grid-column:1/-1;width:auto;padding:6px 0 0}table.score thead th:first-of-type{width:auto;text-align:right;position:static}table.score tr.group th{padding:20px 0 4px}table.score thead th{font-size:11px}table.score td.words{font-size:12px}table.score td:last-child{padding-bottom:6px}table.score tr.first td{font-size:20px}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation:none!important;scroll-behavior:auto!important}}`;

/** Folded cases are printed whole; definitions and data stay folded, as they would treble the pages. */
const PRINT = `
@page{size:A4;margin:14mm}
@media print{body{max-width:none;padding:0;font-size:12px}.headline{font-size:20px}.scroll{overflow:visible;max-height:none}table{font-size:9px}th,td{padding:3px 4px}table.score{min-width:0;font-size:10px}table.score tr.first td{font-size:16px}table.score summary{font-size:10px}small,.soft,.note,summary,figure p{font-size:10px}th:first-child,td:first-child{position:static}.charts,.charts.four{grid-template-columns:repeat(2,1fr);gap:16px 24px}h2,h3,h4,summary{break-after:avoid}tr{break-inside:avoid}.data{display:none}.case::details-content{content-visibility:visible;display:block;block-size:auto}.case summary::marker{content:""}}`;
