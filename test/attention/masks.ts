// Masks of the tests.
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { S, T } from './table.ts';

/** Where example b may look: everywhere; a beginning; with a gap; nowhere. */
const mayLook = (b: number, s: number) => [true, s < 3, s % 3 !== 1, false][b] as boolean;

/** The same, with query t of each limited to s ≤ t + 2; the second query of the first example may look nowhere. */
const mayLookAt = (b: number, t: number, s: number) => mayLook(b, s) && s <= t + 2 && !(b === 0 && t === 1);

/** Real keys of an example. */
const fewer = (b: number) => [1, 2, 4, 0][b] as number;

export interface Masked {
  name: string;
  mask?: (examples: readonly number[]) => Tensor;
  may: (b: number, t: number, s: number) => boolean;
}

const line = (may: (s: number) => boolean) => Array.from({ length: S }, (_, s) => may(s));

export const masks: Masked[] = [
  { name: 'no mask', may: () => true },
  {
    name: '[B, S] mask',
    may: (b, _, s) => mayLook(b, s),
    mask: (examples) => tensor(examples.map((b) => line((s) => mayLook(b, s)))),
  },
  {
    name: '[B, T, S] mask',
    may: mayLookAt,
    mask: (examples) => tensor(examples.map((b) => Array.from({ length: T }, (_, t) => line((s) => mayLookAt(b, t, s))))),
  },
  {
    name: '[B, S] mask of fewer keys than queries',
    may: (b, _, s) => s < fewer(b),
    mask: (examples) => tensor(examples.map((b) => line((s) => s < fewer(b)))),
  },
];
