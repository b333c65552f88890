/** Part of the script of the interactive layer: what is at the place that the pointer, or the keyboard, points at. */
export const TOOLTIPS_SCRIPT = `
const tooltip = document.createElement('div');
tooltip.className = 'tooltip';
tooltip.hidden = true;
document.body.append(tooltip);

// The chart that the tooltip is about.
let told;

const buttons = new Map(
  [...document.querySelectorAll('.controls [data-series]')].map((button) => [Number(button.dataset.series), button]),
);

/** At a place of the screen, beside what it is about, and never beyond the edge of the page. */
function showTooltip({ heading, entries, at, announces }) {
  const title = document.createElement('strong');
  title.textContent = heading;
  tooltip.replaceChildren(title, ...entries.map(tooltipLine));
  // A reader's eyes follow the mouse; only moves of the keyboard are told.
  tooltip.setAttribute('role', announces ? 'status' : 'presentation');
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  const right = document.documentElement.clientWidth - 8;
  const left = at.x + 16 + width <= right ? at.x + 16 : at.x - 16 - width;
  const top = at.y - height - 12 >= 8 ? at.y - height - 12 : at.y + 20;
  tooltip.style.left = Math.max(8, Math.min(left, right - width)) + scrollX + 'px';
  tooltip.style.top = top + scrollY + 'px';
}

function tooltipLine({ series, name, value }) {
  const line = document.createElement('div');
  const swatch = buttons.get(series)?.querySelector('svg');
  if (swatch) line.append(swatch.cloneNode(true));
  const label = document.createElement('span');
  label.textContent = name;
  const number = document.createElement('b');
  number.textContent = value;
  line.append(label, number);
  return line;
}

function hideTooltip() {
  tooltip.hidden = true;
  for (const pointer of document.querySelectorAll('.pointer')) pointer.remove();
}

/** @param at px of the plot, without zoom */
function tell(plot, at, announces) {
  hideTooltip();
  told = plot;
  plot.at = at;
  if (plot.kind === 'curves') tellCurves(plot, at, announces);
  else tellRow(plot, at, announces);
}

function tellCurves(plot, at, announces) {
  const x = Math.max(0, Math.min(plot.width, at.x));
  const entries = plot.lines.filter((line) => !hiddenSeries.has(seriesOf(line))).map((line) => {
    const series = seriesOf(line);
    const y = heightAt(pointsOf(line), x, plot.holds, plot.height);
    const value = y === null ? '–' : format(valueAt(plot.y, 1 - y / plot.height), plot.y);
    return { series, name: buttons.get(series)?.textContent ?? '', value };
  });
  const { from, to } = plot.shown;
  const drawnX = (x - from * plot.width) / (to - from);
  element('line', { class: 'pointer', x1: drawnX, x2: drawnX, y1: 0, y2: plot.height }, plot.frame);
  const heading = format(valueAt(plot.x, x / plot.width), plot.x);
  showTooltip({ heading, entries, at: toScreen(plot, x, announces ? 0 : at.y), announces });
}

function tellRow(plot, at, announces) {
  const index = nearestRow(plot, at);
  if (index < 0) return;
  plot.row = index;
  const place = plot.rows[index];
  const height = plot.rowHeight;
  const box = place.x === undefined
    ? { x: -2, width: plot.width + 4 }
    : { x: place.x - height / 2, width: height };
  element('rect', { class: 'pointer', ...box, y: place.y - height / 2, height }, plot.frame);
  const [columns, ...rows] = plot.table;
  const [heading, ...values] = rows[index];
  const entries = values.map((value, i) => ({ series: -1, name: columns[i + 1], value }));
  showTooltip({ heading, entries, at: toScreen(plot, announces ? (place.x ?? 0) : at.x, place.y), announces });
}

/** Among the strategies that are shown; -1 where there is none near. */
function nearestRow({ rows, rowHeight }, { x, y }) {
  let best = -1;
  let least = Infinity;
  rows.forEach((row, index) => {
    const distance = row.x === undefined ? Math.abs(row.y - y) : Math.hypot(row.x - x, row.y - y);
    const reach = row.x === undefined ? rowHeight : 3 * rowHeight;
    if (hiddenSeries.has(row.position % STYLES) || distance > reach || distance >= least) return;
    least = distance;
    best = index;
  });
  return best;
}

/** One step of the keyboard: along the time axis, or to the next row. */
function step(plot, direction, isLarge) {
  if (plot.kind === 'curves') {
    const { from, to } = plot.shown;
    const width = (to - from) * plot.width;
    const start = plot.at?.x ?? from * plot.width;
    const x = start + direction * width * (isLarge ? 0.1 : 0.02);
    tell(plot, { x: Math.max(from * plot.width, Math.min(to * plot.width, x)), y: 0 }, true);
    return;
  }
  const shown = plot.rows.map((_, index) => index).filter((index) => !hiddenSeries.has(plot.rows[index].position % STYLES));
  if (shown.length === 0) return;
  const now = shown.indexOf(plot.row ?? -1);
  const next = shown[Math.max(0, Math.min(shown.length - 1, now < 0 ? 0 : now + direction))];
  const { x = 0, y } = plot.rows[next];
  tell(plot, { x, y }, true);
}

for (const plot of plots) {
  const { svg } = plot;
  svg.setAttribute('tabindex', '0');
  svg.addEventListener('pointermove', (event) => {
    const at = toPlot(plot, event.clientX, event.clientY);
    if (at.isInside) tell(plot, at, false);
    else hideTooltip();
  });
  svg.addEventListener('pointerdown', (event) => {
    const at = toPlot(plot, event.clientX, event.clientY);
    if (at.isInside) tell(plot, at, false);
  });
  svg.addEventListener('pointerleave', (event) => {
    // A finger leaves when it is lifted: what it asked for stays.
    if (event.pointerType === 'mouse') hideTooltip();
  });
  svg.addEventListener('blur', () => {
    // The pointer may already be at another chart.
    if (told === plot) hideTooltip();
  });
  svg.addEventListener('keydown', (event) => {
    const direction = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    step(plot, direction, event.shiftKey);
  });
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape') hideTooltip();
});
addEventListener('pointerdown', (event) => {
  if (!event.target.closest('figure[data-plot] svg')) hideTooltip();
});
`;
