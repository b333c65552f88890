import { describe, expect, it } from 'vitest';
import { pictures } from '../../reports/pictures/pictures.js';
import { createRasterizer, needsAllFonts } from '../../reports/pictures/raster.js';
import { standaloneSvg } from '../../reports/pictures/standalone.js';
import { png } from '../../reports/png.js';
import { UsageError } from '../../src/base/errors.js';
import type { Results } from '../../src/contracts/report.js';
import { once } from '../fixtures/once.js';
import { fixtureResults, resultsOf } from '../fixtures/results.js';
import { heartbeatTrials } from '../fixtures/sweeps.js';

/** All charts, on a machine that may be busy. */
const TIMEOUT_MS = 30_000;

const CHART = {
  spec: { data: { values: [] }, mark: 'point' },
  title: 'A <title>',
  text: 'what it shows',
  table: { columns: [], rows: [] },
} as const;
const STRATEGIES = [
  { strategy: 'spr', position: 3 },
  { strategy: '<b>', position: 0 },
];

describe('a picture', () => {
  const svg = standaloneSvg(
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><path stroke="var(--series-3)" fill="currentColor"/></svg>',
    CHART,
    { strategies: STRATEGIES, note: 'dark to light' },
  );

  it('brings its own colours, font and background', () => {
    expect(svg).toContain('<path stroke="#0072b2" fill="#1c2126"/>');
    expect(svg).not.toMatch(/var\(|currentColor/);
    expect(svg).toContain("font-family=\"'DejaVu Sans', ");
    expect(svg).toContain('<rect width="100%" height="100%" fill="#ffffff"/>');
  });

  it('has its name, what it shows, and a legend', () => {
    expect(svg).toContain('<title>A &lt;title&gt;</title><desc>what it shows</desc>');
    for (const label of ['>spr</text>', '>&lt;b&gt;</text>', '>dark to light</text>'])
      expect(svg).toContain(label);
  });

  it('is as large as the chart and what is around it', () => {
    const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    expect(Number(width)).toBeGreaterThanOrEqual(132);
    const [, chartY] = /<svg x="16" y="([\d.]+)"/.exec(svg) ?? [];
    expect(Number(height)).toBe(Number(chartY) + 50 + 16);
  });
});

const fixturePictures = once(() => pictures(fixtureResults()));

describe('the pictures of a run', { timeout: TIMEOUT_MS }, () => {
  it('are of the run, and of each workload and fault', async () => {
    const names = (await fixturePictures()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['recovery-ranges', 'trade-off']));
    for (const workload of ['downloads', 'small-replies', 'uploads']) {
      for (const kind of ['recovery-times', 'phases', 'throughput', 'recovered-share', 'lost-requests']) {
        expect(names).toContain(`${kind}-${workload}-kill`);
      }
    }
  });

  it('are of what the run varied: one for each quantity', async () => {
    const trials = heartbeatTrials();
    const drawn = await pictures(resultsOf(trials, []));
    const names = drawn.map(({ name }) => name).filter((name) => name.startsWith('sweep-'));
    expect(names).toContain('sweep-recovery-time-p50-request-reply-hang-heartbeat-interval-ms');
    expect(names).toContain('sweep-detection-time-request-reply-hang-heartbeat-interval-ms');
    const [first] = drawn.filter(({ name }) => name === names[0]);
    expect(first?.svg).toContain('Recovery time (p50) against heartbeat-interval-ms: request-reply, hang');
  });

  it('do not overwrite each other when names become the same', async () => {
    const results = fixtureResults();
    const rename = <T extends { workload: string }>(entries: readonly T[]): T[] =>
      entries.map((entry) => ({
        ...entry,
        workload: entry.workload === 'uploads' ? 'Small/Replies' : entry.workload,
      }));
    const renamed: Results = {
      ...results,
      series: rename(results.series),
      summary: { ...results.summary, cells: rename(results.summary.cells) },
    };
    const names = (await pictures(renamed)).map(({ name }) => name);
    expect(names).toContain('phases-small-replies-kill');
    expect(names).toContain('phases-small-replies-kill-2');
  });
});

describe('PNG', { timeout: TIMEOUT_MS }, () => {
  it('is a PNG, twice as large as the SVG', async () => {
    const [picture] = await fixturePictures();
    const [file] = await png.renderFiles(fixtureResults());
    const content = Buffer.from(file?.content ?? '');
    expect(content.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const [, width] = /^<svg[^>]* width="([\d.]+)"/.exec(picture?.svg ?? '') ?? [];
    // IHDR: the width is the first number of the first chunk.
    expect(content.readUInt32BE(16)).toBe(Math.ceil(Number(width)) * 2);
  });

  it('draws the same with few fonts as with all of the system', async () => {
    const [picture] = await fixturePictures();
    const few = await createRasterizer();
    const all = await createRasterizer({ loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' });
    const svg = picture?.svg ?? '';
    expect(Buffer.from(await few(svg)).equals(await all(svg))).toBe(true);
  });

  it('takes all fonts for letters that few fonts have', async () => {
    const all = await fixturePictures();
    expect(all.filter(({ svg }) => needsAllFonts(svg))).toEqual([]);
    for (const text of ['SPR', 'Übertragung', 'Ελληνικά', 'Кириллица'])
      expect(needsAllFonts(text)).toBe(false);
    for (const text of ['漢字', 'हिन्दी', '😀']) expect(needsAllFonts(text)).toBe(true);
  });

  it('says what to install where there is no font', async () => {
    const none = createRasterizer({ loadSystemFonts: false });
    await expect(none).rejects.toThrow(UsageError);
    await expect(none).rejects.toThrow(
      /--format png: no font was found, .*apt-get install fonts-dejavu-core/,
    );
  });
});
