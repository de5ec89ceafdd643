// What can be reached at best, from uniform priors: by dynamic programming over all that can be known.

import { expectOptions, isSize } from '../tensor/check.ts';

/** The most arms and pulls for which {@link banditOptimum} stays small. */
const MOST = 12;

/**
 * The expected reward of the best possible play of `pulls` pulls at `arms` arms whose chances are uniform in [0, 1): a dynamic programme over all
 * counts of wins and losses. Arms that were tried with equal outcome are alike, so states are sorted lists. At most 12 of each.
 */
export function banditOptimum(sizes: { arms: number; pulls: number }): number {
  expectOptions('banditOptimum', sizes, { arms: isSize, pulls: isSize });
  const { arms, pulls } = sizes;
  if (arms > MOST || pulls > MOST) throw new RangeError(`banditOptimum: arms and pulls must be at most ${MOST}, got ${arms} and ${pulls}`);
  const side = pulls + 1; // an arm of w wins and l losses is w · side + l
  const known = new Map<string, number>();
  const value = (counts: readonly number[], left: number): number => {
    if (left === 0) return 0;
    const name = counts.join();
    const before = known.get(name);
    if (before !== undefined) return before;
    let most = 0;
    counts.forEach((count, arm) => {
      if (count === counts[arm - 1]) return; // alike
      const [wins, losses] = [Math.floor(count / side), count % side];
      const chance = (wins + 1) / (wins + losses + 2);
      const after = (by: number) =>
        value(
          counts.with(arm, count + by).toSorted((a, b) => a - b),
          left - 1,
        );
      most = Math.max(most, chance * (1 + after(side)) + (1 - chance) * after(1));
    });
    known.set(name, most);
    return most;
  };
  return value(new Array<number>(arms).fill(0), pulls);
}

/** The rates that are tried: between two of them an index is interpolated. */
const RATES = 500;

/**
 * The index of an arm by pulls left: `index[left][wins · side + losses]` with `side = pulls − left + 1`, for all counts that are possible with so many
 * pulls left. It is the sure reward a pull for which one would as soon leave the arm for good as go on with it, at best until the end: a
 * dynamic programme of one arm for each of many rates (Kaufmann 2018, "On Bayesian index policies for sequential resource allocation", §2.2, the
 * finite-horizon Gittins index). `index[0]` is empty.
 */
export function finiteHorizonIndex(pulls: number): Float32Array[] {
  isSize('finiteHorizonIndex', 'pulls', pulls);
  const indices = Array.from({ length: pulls + 1 }, (_, left) => new Float32Array(left === 0 ? 0 : (pulls - left + 1) ** 2));
  const gains = indices.map((index) => new Float64Array(index.length)); // of going on over leaving, at the rate before
  for (let i = 0; i <= RATES; i++) oneRate(pulls, i / RATES, indices, gains);
  return indices;
}

/** Values at one rate; where going on is worth no more than leaving for the first time, the index lies between this rate and the last. */
function oneRate(pulls: number, rate: number, indices: readonly Float32Array[], gains: readonly Float64Array[]): void {
  let after = new Float64Array((pulls + 1) ** 2); // values with one pull fewer left
  for (let left = 1; left <= pulls; left++) {
    const side = pulls - left + 1;
    const [index, gain, value] = [indices[left] as Float32Array, gains[left] as Float64Array, new Float64Array(side * side)];
    for (let wins = 0; wins < side; wins++) {
      for (let losses = 0; wins + losses < side; losses++) {
        const at = wins * side + losses;
        const chance = (wins + 1) / (wins + losses + 2);
        const next = wins * (side + 1) + losses;
        const going = chance * (1 + (after[next + side + 1] as number)) + (1 - chance) * (after[next + 1] as number);
        const over = going - rate * left;
        value[at] = Math.max(rate * left, going);
        const last = gain[at] as number;
        if (rate === 0) gain[at] = over;
        else if (last > 0) {
          if (over <= 0) index[at] = rate - (1 / RATES) * (-over / (last - over));
          gain[at] = over;
        }
      }
    }
    after = value;
  }
}
