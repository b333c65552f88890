/** Which replica a new flow goes to, and which one keeps the state of a flow. */

/** `primary`: new flows go to the first replica that takes them. `spread`: to all in turn, as when warming up. */
export type Placement = 'primary' | 'spread';

/** The next replica after `index`, going round, that is `open` to what is new; undefined when there is no other one. */
export function nextReplica<R extends { readonly index: number }>(
  replicas: readonly R[],
  index: number,
  open: (replica: R) => boolean,
): R | undefined {
  for (let step = 1; step < replicas.length; step++) {
    const candidate = replicas[(index + step) % replicas.length];
    if (candidate !== undefined && open(candidate)) return candidate;
  }
  return undefined;
}
