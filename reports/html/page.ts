/** The frame of every HTML file: one file, no network, and no script but that of the interactive layer. */
import { interactiveLayer } from './interactive/layer.js';
import { html, type Markup, NOTHING, trusted } from './markup.js';
import { styleSheet } from './style.js';

/**
 * Nothing may be loaded or run, whatever slipped into the file, but a script with that hash. Styles are inline, in the file
 * itself.
 */
function contentSecurityPolicy(scriptSource?: string): string {
  const scripts = scriptSource === undefined ? '' : ` script-src ${scriptSource};`;
  return `default-src 'none';${scripts} style-src 'unsafe-inline'; img-src data:`;
}

/** @param isInteractive whether the interactive layer is put in */
export function page(title: string, body: Markup, isInteractive: boolean): string {
  const layer = isInteractive ? interactiveLayer() : undefined;
  const script = layer === undefined ? NOTHING : html`\n<script>${trusted(layer.script)}</script>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(layer?.scriptSource)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(styleSheet() + (layer?.style ?? ''))}</style>
</head>
<body>
${body}${script}
</body>
</html>
`.text;
}
