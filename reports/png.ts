/** Every chart as a PNG file. */
import type { FilesReport, ReportFile, Results } from '../src/contracts/report.js';
import { pictures } from './pictures/pictures.js';
import { createRasterizer } from './pictures/raster.js';

export const png: FilesReport = { id: 'png', title: 'Charts as PNG files', renderFiles };

async function renderFiles(results: Results): Promise<ReportFile[]> {
  const rasterize = await createRasterizer();
  // Side by side: the library draws in threads, of which Node has a few.
  return Promise.all(
    (await pictures(results)).map(async ({ name, svg }) => ({
      name: `${name}.png`,
      content: await rasterize(svg),
    })),
  );
}
