/**
 * The interactive layer of the HTML reports: tooltips, strategies that can be hidden, zoom on the time axes. It works on the
 * static pictures, which stay what they are without it.
 */
import { createHash } from 'node:crypto';
import { STYLES } from '../../charts/palette.js';
import { PLOTS_SCRIPT } from './plots.js';
import { TOGGLES_SCRIPT } from './toggles.js';
import { TOOLTIPS_SCRIPT } from './tooltips.js';
import { ZOOM_SCRIPT } from './zoom.js';

export interface InteractiveLayer {
  readonly script: string;
  /** What a Content-Security-Policy calls the script: nothing else runs. */
  readonly scriptSource: string;
  readonly style: string;
}

export function interactiveLayer(): InteractiveLayer {
  const script = `(() => {'use strict';${[PLOTS_SCRIPT, TOOLTIPS_SCRIPT, TOGGLES_SCRIPT, ZOOM_SCRIPT, REVEAL_SCRIPT].map(compact).join('')}
})();`;
  const hash = createHash('sha256').update(script).digest('base64');
  return { script, scriptSource: `'sha256-${hash}'`, style: `${STYLE}${hidingRules()}` };
}

/** Nothing that cannot work is shown: a reader without scripts sees no control. */
const REVEAL_SCRIPT = `
for (const controls of document.querySelectorAll('.controls.strategies')) controls.hidden = false;
`;

/** Without indentation and comments. No line of the scripts is part of a longer string. */
function compact(script: string): string {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:\/\/|\/\*\*)/.test(line))
    .map((line) => `\n${line}`)
    .join('');
}

/** Whatever has the colour of a strategy goes with it; the picture of one of its connections goes as a whole. */
function hidingRules(): string {
  return Array.from({ length: STYLES }, (_, index) => {
    const colour = (attribute: string): string => `[${attribute}="var(--series-${index})"]`;
    return `.hide-${index} figure :is(${colour('stroke')},${colour('fill')}){display:none}.hide-${index} figure:has(.sequence ${colour('fill')}){display:none}`;
  }).join('\n');
}

const STYLE = `
.controls[hidden]{display:none}
.controls{display:flex;flex-wrap:wrap;align-items:center;gap:8px;font-size:13px;color:var(--soft)}
.controls button{display:inline-flex;align-items:center;gap:8px;min-height:32px;padding:2px 12px;border:1px solid var(--line);border-radius:6px;background:var(--panel);color:var(--text);font:inherit;cursor:pointer}
.controls button[aria-pressed=false]{text-decoration:line-through;color:var(--soft)}
.controls button[aria-pressed=false] svg{opacity:.3}
.controls button[aria-disabled=true]{color:var(--soft);border-style:dashed;cursor:default}
.controls button:focus-visible,figure svg:focus-visible{outline:2px solid var(--series-3);outline-offset:2px;border-radius:4px}
.controls.strategies{position:sticky;top:0;z-index:2;margin:16px 0 0;padding:8px 0;background:var(--page);border-bottom:1px solid var(--line)}
.controls .keys{margin:0;font-size:12px}
figure[data-plot] svg[role]{touch-action:pan-y}
.pointer{stroke:currentColor;stroke-width:1;stroke-opacity:.6;stroke-dasharray:2 2;fill:none;pointer-events:none}
.band{fill:currentColor;fill-opacity:.12;pointer-events:none}
.ticks{font-size:11px}.ticks text{fill:currentColor;fill-opacity:.8}.ticks line{stroke:currentColor;stroke-opacity:.4}
.zoomed [data-role=marks] :is(path:not([transform]),line){vector-effect:non-scaling-stroke}
.zoomed [data-role=time-axis] :is(line[y2],text[transform$=",16)"]){display:none}
.tooltip{position:absolute;z-index:3;max-width:min(320px,calc(100vw - 16px));padding:8px 12px;border:1px solid var(--line);border-radius:6px;background:var(--page);color:var(--text);font-size:13px;line-height:1.4;font-variant-numeric:tabular-nums;box-shadow:0 4px 16px rgb(0 0 0/.18);pointer-events:none}
.tooltip[hidden]{display:none}
.tooltip strong{font-weight:600}
.tooltip div{display:flex;align-items:baseline;gap:8px}.tooltip svg{flex:none}.tooltip b{margin-left:auto;padding-left:12px;font-weight:500;white-space:nowrap}
@media (max-width:640px){.controls.strategies{flex-wrap:nowrap;overflow-x:auto}.controls.strategies button{white-space:nowrap;flex:none}.controls.strategies .keys{display:none}}
@media print{.controls,.controls.strategies,.tooltip,.pointer,.band{display:none!important}}
`;
