/**
 * Part of the script of the interactive layer: a part of the time axis, in all charts of a case that share it. Marks are
 * stretched along the axis, text and symbols are not, and the axis gets new numbers.
 */
export const ZOOM_SCRIPT = `
const LEAST_SHARE = 1 / 32;
const MOST_TICKS = 6;

const scopes = [...document.querySelectorAll('.zoom')].map((controls) => {
  const scope = {
    controls,
    plots: plots.filter((plot) => plot.zooms && controls.parentNode.contains(plot.figure)),
    from: 0,
    to: 1,
  };
  for (const plot of scope.plots) plot.scope = scope;
  return scope;
});

/** Shows the part of the time axis from share to share of the whole. */
function zoomTo(scope, from, to) {
  const width = Math.min(1, Math.max(LEAST_SHARE, to - from));
  scope.from = Math.max(0, Math.min(1 - width, from));
  scope.to = scope.from + width;
  hideTooltip();
  for (const plot of scope.plots) drawZoomed(plot, scope.from, scope.to);
  const isWhole = width === 1;
  const disabled = { in: width <= LEAST_SHARE, out: isWhole, earlier: scope.from <= 0, later: scope.to >= 1, whole: isWhole };
  for (const button of scope.controls.querySelectorAll('button')) {
    // Not the attribute of that name: it would take the focus away from who has just pressed the button.
    button.setAttribute('aria-disabled', String(disabled[button.dataset.zoom]));
  }
}

/** The fault stays where it is while it is shown. */
function zoomBy(scope, factor) {
  const { from, to } = scope;
  const [low, high] = scope.plots[0].x.domain;
  const fault = -low / (high - low);
  const anchor = fault >= from && fault <= to ? fault : (from + to) / 2;
  zoomTo(scope, anchor - (anchor - from) * factor, anchor + (to - anchor) * factor);
}

function pan(scope, direction) {
  const distance = direction * 0.25 * (scope.to - scope.from);
  zoomTo(scope, scope.from + distance, scope.to + distance);
}

const ZOOM_ACTIONS = {
  in: (scope) => zoomBy(scope, 0.5),
  out: (scope) => zoomBy(scope, 2),
  earlier: (scope) => pan(scope, -1),
  later: (scope) => pan(scope, 1),
  whole: (scope) => zoomTo(scope, 0, 1),
};

function drawZoomed(plot, from, to) {
  const stretch = 1 / (to - from);
  const isZoomed = stretch > 1;
  plot.shown = { from, to };
  plot.figure.classList.toggle('zoomed', isZoomed);
  for (const group of plot.marks) {
    if (isZoomed) {
      group.setAttribute('transform', 'matrix(' + [stretch, 0, 0, 1, -from * plot.width * stretch, 0].join(' ') + ')');
      group.setAttribute('clip-path', 'url(#' + clipOf(plot, from, to) + ')');
    } else {
      group.removeAttribute('transform');
      group.removeAttribute('clip-path');
    }
    for (const mark of group.querySelectorAll('path[transform],text[transform]')) unstretch(mark, stretch);
  }
  drawTicks(plot, from, to);
}

/** In the coordinates of the marks, which are stretched with it. */
function clipOf(plot, from, to) {
  plot.clip ??= element('rect', {}, element('clipPath', { id: 'plot-' + plots.indexOf(plot) }, plot.svg));
  const { width, height } = plot;
  const box = { x: from * width, width: (to - from) * width, y: -24, height: height + 25 };
  for (const [key, value] of Object.entries(box)) plot.clip.setAttribute(key, value);
  return plot.clip.parentNode.id;
}

function unstretch(mark, stretch) {
  const [, place, rest] = /^(translate[(][^)]*[)])(?: scale[(][^)]*[)])?(.*)$/.exec(mark.getAttribute('transform'));
  mark.setAttribute('transform', place + (stretch === 1 ? '' : ' scale(' + 1 / stretch + ' 1)') + rest);
}

/** In place of the numbers of the axis while a part of it is shown. */
function drawTicks(plot, from, to) {
  plot.ticks?.remove();
  plot.ticks = undefined;
  if (from === 0 && to === 1) return;
  const [low, high] = [valueAt(plot.x, from), valueAt(plot.x, to)];
  plot.ticks = element('g', { class: 'ticks', transform: 'translate(0.5 ' + (plot.height + 0.5) + ')' }, plot.frame);
  for (const value of ticksBetween(low, high)) {
    const x = ((value - low) / (high - low)) * plot.width;
    element('line', { x1: x, x2: x, y2: 5 }, plot.ticks);
    const anchor = x < 12 ? 'start' : x > plot.width - 12 ? 'end' : 'middle';
    const text = element('text', { x, y: 16, 'text-anchor': anchor }, plot.ticks);
    text.textContent = value.toLocaleString('en-US', { maximumFractionDigits: 2 }).replace('-', '−');
  }
}

function ticksBetween(low, high) {
  const roughly = (high - low) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(roughly));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= roughly) ?? power * 10;
  const ticks = [];
  for (let i = Math.ceil(low / size); i * size <= high; i++) ticks.push(i * size);
  return ticks;
}

/** The axis that Vega drew: its numbers and ticks, not its line and title. */
function nameAxis(plot) {
  for (const axis of plot.svg.querySelectorAll('[data-role=axis]')) {
    const group = axis.querySelector('g[transform$=",' + (plot.height + 0.5) + ')"]');
    if (group) group.setAttribute('data-role', 'time-axis');
  }
}

function zoomWithKeys(plot, event) {
  const action = { '+': 'in', '=': 'in', '-': 'out', 0: 'whole' }[event.key];
  if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  ZOOM_ACTIONS[action](plot.scope);
}

/** From where a mouse was pressed to where it is released. */
function zoomWithMouse(plot) {
  const { svg } = plot;
  let start;
  let band;
  const end = () => {
    band?.remove();
    start = band = undefined;
  };
  svg.addEventListener('pointerdown', (event) => {
    const at = toPlot(plot, event.clientX, event.clientY);
    if (event.pointerType !== 'mouse' || event.button !== 0 || !at.isInside) return;
    start = at.x;
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    if (start === undefined) return;
    const { x } = toPlot(plot, event.clientX, event.clientY);
    const { from, to } = plot.shown;
    const [left, right] = [start, x].sort((a, b) => a - b).map((px) => (px - from * plot.width) / (to - from));
    band ??= element('rect', { class: 'band', y: 0, height: plot.height }, plot.frame);
    band.setAttribute('x', left);
    band.setAttribute('width', right - left);
  });
  svg.addEventListener('pointerup', () => {
    const drawn = Number(band?.getAttribute('width') ?? 0);
    const x = Number(band?.getAttribute('x'));
    end();
    // Less is a click with an unsteady hand.
    if (drawn < 8) return;
    const { from, to } = plot.shown;
    const share = (px) => from + (px / plot.width) * (to - from);
    zoomTo(plot.scope, share(x), share(x + drawn));
  });
  svg.addEventListener('pointercancel', end);
  svg.addEventListener('dblclick', () => zoomTo(plot.scope, 0, 1));
}

for (const scope of scopes) {
  if (scope.plots.length === 0) continue;
  for (const plot of scope.plots) {
    nameAxis(plot);
    zoomWithMouse(plot);
    plot.svg.addEventListener('keydown', (event) => zoomWithKeys(plot, event));
  }
  for (const button of scope.controls.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') !== 'true') ZOOM_ACTIONS[button.dataset.zoom](scope);
    });
  }
  zoomTo(scope, 0, 1);
  scope.controls.hidden = false;
}
`;
