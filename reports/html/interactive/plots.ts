/**
 * Part of the script of the interactive layer: the charts of the page, and places in them. Scripts are text, as this
 * project is compiled without the types of a browser. They must not hold a backslash, a backtick or `</script`.
 */
import { STYLES } from '../../charts/palette.js';

export const PLOTS_SCRIPT = `
const SVG = 'http://www.w3.org/2000/svg';
const SERIES = /^var[(]--series-([0-9]+)[)]$/;
const STYLES = ${STYLES};
const hiddenSeries = new Set();

const plots = [...document.querySelectorAll('figure[data-plot]')].map((figure) => {
  const svg = figure.querySelector('svg[role=img]');
  const marks = [...svg.querySelectorAll('[data-role=marks]')];
  return {
    ...JSON.parse(figure.dataset.plot),
    figure,
    svg,
    marks,
    frame: marks[0].parentNode,
    // The part of the time axis that is shown.
    shown: { from: 0, to: 1 },
    table: [...figure.querySelectorAll('.data tr')].map((row) => [...row.cells].map((cell) => cell.textContent)),
    lines: marks.flatMap((group) => [...group.querySelectorAll('path[stroke]:not([fill]):not([transform])')]),
  };
});

/** Index of the colour of an element, which is that of its strategy. */
function seriesOf(element) {
  return Number(SERIES.exec(element.getAttribute('stroke') || element.getAttribute('fill') || '')?.[1]);
}

/** px of the plot, as it would be without zoom. */
function toPlot(plot, clientX, clientY) {
  const point = new DOMPoint(clientX, clientY).matrixTransform(plot.frame.getScreenCTM().inverse());
  const { from, to } = plot.shown;
  return { x: from * plot.width + point.x * (to - from), y: point.y, isInside: isWithin(point, plot) };
}

function isWithin({ x, y }, { width, height }) {
  return x >= -2 && x <= width + 2 && y >= -16 && y <= height + 16;
}

/** px of the plot with zoom -> px of the screen. */
function toScreen(plot, x, y) {
  const { from, to } = plot.shown;
  return new DOMPoint((x - from * plot.width) / (to - from), y).matrixTransform(plot.frame.getScreenCTM());
}

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

/** The points of a path of straight lines. */
function pointsOf(path) {
  const numbers = (path.getAttribute('d').match(/-?[0-9.]+/g) || []).map(Number);
  return numbers.flatMap((x, i) => (i % 2 === 0 ? [{ x, y: numbers[i + 1] }] : []));
}

/** y of a line at x, px; null beside it. */
function heightAt(points, x, holds, ground) {
  const first = points[0];
  const last = points[points.length - 1];
  if (x < first.x) return holds ? ground : null;
  if (x >= last.x) return holds || x === last.x ? last.y : null;
  const right = points.findIndex((point) => point.x > x);
  const [a, b] = [points[right - 1], points[right]];
  return a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x);
}

function valueAt({ type, domain: [from, to] }, share) {
  return type === 'log' ? from * (to / from) ** share : from + (to - from) * share;
}

function decimalsOf(value) {
  const size = Math.abs(value);
  if (size < 1) return 2;
  return size < 100 ? 1 : 0;
}

function format(value, { unit, factor = 1, digits }) {
  const number = value * factor;
  const maximumFractionDigits = digits ?? decimalsOf(number);
  return number.toLocaleString('en-US', { maximumFractionDigits }) + unit;
}
`;
