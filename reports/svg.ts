/** Every chart as an SVG file of its own. */
import type { FilesReport } from '../src/contracts/report.js';
import { pictures } from './pictures/pictures.js';

export const svg: FilesReport = {
  id: 'svg',
  title: 'Charts as SVG files',
  renderFiles: async (results) =>
    (await pictures(results)).map((picture) => ({ name: `${picture.name}.svg`, content: picture.svg })),
};
