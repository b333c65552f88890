/**
 * Many tests, one level: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
 * Statistics 6(2), 1979. It holds whatever the tests have to do with each other.
 */

/**
 * The p-values, adjusted: a hypothesis is rejected at a level when its adjusted value is not above it, and the
 * probability of any false rejection is then at most the level. In the order of `pValues`.
 *
 * @throws RangeError for a value outside [0, 1]
 */
export function holm(pValues: readonly number[]): number[] {
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`Holm: a p-value is ${wrong}, allowed is 0 to 1`);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  const ascending = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  ascending.forEach(({ p, index }, rank) => {
    // No hypothesis is rejected before one with a smaller p-value.
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}
