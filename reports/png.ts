/** Every chart as a PNG file. */
import type { FilesReport, ReportFile, Results } from '../src/contracts/report.js';
import { pictures } from './pictures/pictures.js';
import { createRasterizer } from './pictures/raster.js';

export const png: FilesReport = { id: 'png', title: 'Charts as PNG files', renderFiles };

async function renderFiles(results: Results): Promise<ReportFile[]> {
  const rasterize = await createRasterizer();
  const files: ReportFile[] = [];
  for (const { name, svg } of await pictures(results)) {
    files.push({ name: `${name}.png`, content: await rasterize(svg) });
  }
  return files;
}
