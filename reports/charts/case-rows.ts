/** Rows of strategies under the name of their case, one case below the other. */
import { CHART_WIDTH, type ChartLayer, TEXT_SIZE } from './render.js';

export interface CaseRows<Row> {
  readonly name: string;
  readonly rows: readonly Row[];
}

interface Heading {
  readonly name: string;
  /** Upright position of its middle, px. */
  readonly y: number;
}

/** px. */
export const ROW_HEIGHT = 15;
const HEADING_HEIGHT = 24;
/** Vega cannot measure text here, and takes 0.8 of its size for the width of each character. Bold text takes 0.58 of it. */
const WIDTH_ESTIMATE = 0.8 / 0.58;

/** Gives each row its place. Cases without a row have no heading either. */
export function layOutCases<Row extends object>(
  cases: readonly CaseRows<Row>[],
): { rows: (Row & { readonly y: number })[]; headings: Heading[]; height: number } {
  const placed: (Row & { readonly y: number })[] = [];
  const headings: Heading[] = [];
  let height = 0;
  for (const { name, rows } of cases) {
    if (rows.length === 0) continue;
    headings.push({ name, y: height + HEADING_HEIGHT / 2 });
    height += HEADING_HEIGHT;
    for (const row of rows) {
      placed.push({ ...row, y: height + ROW_HEIGHT / 2 });
      height += ROW_HEIGHT;
    }
  }
  return { rows: placed, headings, height: height + ROW_HEIGHT / 2 };
}

/** The upright axis of the rows: one unit is one px, from above. */
export function rowsY(height: number) {
  const domain: [number, number] = [height, 0];
  return { field: 'y', type: 'quantitative', axis: null, scale: { domain, nice: false } } as const;
}

export function headingLayer(values: readonly Heading[], y: object): ChartLayer {
  return {
    data: { values: [...values] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      color: 'currentColor',
      fontSize: TEXT_SIZE,
      fontWeight: 'bold',
      limit: CHART_WIDTH * WIDTH_ESTIMATE,
    },
    encoding: { x: { value: 0 }, y, text: { field: 'name', type: 'nominal' } },
  } as ChartLayer;
}
