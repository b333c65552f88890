/** The frame of every HTML file: one file, no network, no script. */
import { html, type Markup, trusted } from './markup.js';
import { styleSheet } from './style.js';

/** Nothing may be loaded or run, whatever slipped into the file. Styles are inline, in the file itself. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function page(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(styleSheet())}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}
