/** What the orchestrator and the process of the HTTP load say to each other. */

export interface HttpLoad {
  readonly url: string;
  readonly connections: number;
  readonly durationS: number;
}

export interface HttpLoadResult {
  /** With a reply of status 200 to 299. */
  readonly requests: number;
  /** Without one. */
  readonly failed: number;
  readonly seconds: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export type HttpLoadCommand = { readonly kind: 'load'; readonly load: HttpLoad };

export type HttpLoadEvent =
  | { readonly kind: 'loaded'; readonly result: HttpLoadResult }
  | { readonly kind: 'failed'; readonly message: string };
