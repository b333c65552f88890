/** What a reader who points at a place in a chart is told, and where in the picture that is. */
import type { View } from 'vega';

/** How a position on an axis becomes a number with its unit. */
export interface Reading {
  /** Behind the number, with its space. */
  readonly unit: string;
  /** Of the number against the value that is drawn; default 1. */
  readonly factor?: number;
  /** Decimals; default: those of a time. */
  readonly digits?: number;
}

/** Values are read off the curves, where an upright line through the pointer crosses them. */
export interface CurvesPointing {
  readonly kind: 'curves';
  readonly x: Reading;
  readonly y: Reading;
  /** Whether a curve goes on level before its first and behind its last point, as shares do. */
  readonly holds: boolean;
  /** Whether the time axis can be zoomed, together with the others of its case. */
  readonly zooms: boolean;
}

/** The nearest row of the table is told. */
export interface RowsPointing {
  readonly kind: 'rows';
  /** One per row of the table, in its order. */
  readonly places: readonly RowPlace[];
  /** Height of what belongs to a row, px. */
  readonly rowHeight: number;
  /** Whether each row has a text of its own in the plot, in the order of the rows: it is hidden with its strategy. */
  readonly labelled: boolean;
}

/** In units of the axes. */
export interface RowPlace {
  /** Absent where a row takes the whole width. */
  readonly x?: number;
  readonly y: number | string;
  /** Of the strategy in the palette. */
  readonly position: number;
}

export type Pointing = CurvesPointing | RowsPointing;

interface PlottedScale extends Reading {
  readonly type: 'linear' | 'log';
  readonly domain: readonly [number, number];
}

/** {@link Pointing} with places in px of the plot, whose left upper corner is 0,0. */
export type Plot =
  | (Omit<CurvesPointing, 'x' | 'y'> & Size & { readonly x: PlottedScale; readonly y: PlottedScale })
  | (Omit<RowsPointing, 'places'> &
      Size & {
        readonly rows: readonly { readonly x?: number; readonly y: number; readonly position: number }[];
      });

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A scale of Vega, as far as it is used here. */
interface Scale {
  (value: number | string): number;
  readonly type: string;
  domain(): readonly [number, number];
  /** Of scales with bands. */
  bandwidth?(): number;
}

/** @param view of the chart, after it was drawn */
export function plotOf(pointing: Pointing, view: View): Plot {
  const size = { width: tenths(view.signal('width')), height: tenths(view.signal('height')) };
  if (pointing.kind === 'curves') {
    const { x, y, ...rest } = pointing;
    return { ...rest, ...size, x: plotScale(view, 'x', x), y: plotScale(view, 'y', y) };
  }
  const { places, ...rest } = pointing;
  const scaleY = scaleOf(view, 'y');
  const rows = places.map(({ x, y, position }) => ({
    ...(x === undefined ? {} : { x: tenths(scaleOf(view, 'x')(x)) }),
    y: tenths(scaleY(y) + (scaleY.bandwidth?.() ?? 0) / 2),
    position,
  }));
  return { ...rest, ...size, rows };
}

function plotScale(view: View, name: string, reading: Reading): PlottedScale {
  const scale = scaleOf(view, name);
  const [from, to] = scale.domain();
  return { ...reading, type: scale.type === 'log' ? 'log' : 'linear', domain: [from, to] };
}

/** Vega does not declare its scales. */
function scaleOf(view: View, name: string): Scale {
  return (view as unknown as { scale(name: string): Scale }).scale(name);
}

function tenths(px: number): number {
  return Math.round(px * 10) / 10;
}
