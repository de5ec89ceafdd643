import { foldIn, type Key, permutation } from '../tensor/random.ts';

/** Two parts of rows, as lists of their indices in order. */
export interface Parts {
  /** What is learnt from. */
  learn: number[];
  /** What nothing is learnt from: it says when to stop, and how good the model is. */
  heldOut: number[];
}

/** What rows are held out. */
export interface HoldingOut {
  /** Which rows are one and the same thing, such as equal texts: they stay together. Default: none. */
  same?: ((row: number) => unknown) | undefined;
  /** Of each of these a share is held out, such as labels. Default: of all rows together. */
  stratum?: ((row: number) => unknown) | undefined;
}

/** Rows that are held out at most. */
const MOST = 2000;

/**
 * Holds out a fifth of the rows by a key, at most 2,000: of every stratum with five different things or more at least one, of a smaller one none. The order of
 * the strata is that of their first rows.
 */
export function holdOut(rows: number, key: Key, { same = (row) => row, stratum = () => 0 }: HoldingOut = {}): Parts {
  const things = grouped(Array.from({ length: rows }, (_, row) => row), same); // biome-ignore format: one call
  const strata = grouped([...things.values()], ([first = 0]) => stratum(first));
  const share = Math.min(1 / 5, MOST / Math.max(1, rows));
  const heldOut = [...strata.values()].flatMap((members, i) => {
    const count = members.length < 5 ? 0 : Math.max(1, Math.round(members.length * share));
    const order = permutation(foldIn(key, i), members.length);
    return Array.from(order.subarray(0, count), (at) => members[at] ?? []).flat();
  });
  const out = new Set(heldOut);
  const learn = Array.from({ length: rows }, (_, row) => row).filter((row) => !out.has(row));
  return { learn, heldOut: heldOut.sort((a, b) => a - b) };
}

/** Lists of what has one name, in the order in which names come first. */
function grouped<T>(all: readonly T[], nameOf: (one: T) => unknown): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}
