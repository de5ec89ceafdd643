// What a mechanism remembers of earlier steps, as values passed in and returned, so that searches can reorder them.

import type { State } from '../nn/state.ts';
import { stacked } from '../nn/unroll.ts';
import { add, select, sum, unstack } from '../ops/index.ts';
import { expectFields } from '../tensor/check.ts';
import { arange, full, zeros } from '../tensor/create.ts';
import { foldIn, type Key } from '../tensor/random.ts';
import { expectTensor, type Tensor } from '../tensor/tensor.ts';
import { does, type History, type Mechanism, type Prepared, type Remembered, type Step, type Steps } from './parts.ts';

/** A history of the given things. */
export function remember<Name extends string>(things: Readonly<Record<Name, Remembered>>): History<Readonly<Record<Name, Tensor>>> {
  expectFields('remember', 'things', things);
  const named = Object.entries(things) as [Name, Remembered][];
  for (const [name, thing] of named) does('initial')('remember', name, thing);
  const each = (f: (thing: Remembered, name: Name) => Tensor) =>
    Object.fromEntries(named.map(([name, thing]) => [name, f(thing, name)])) as Record<Name, Tensor>;
  return {
    things,
    and: (other) => remember({ ...other?.things, ...things }),
    initial: (prepared, steps) => each((thing) => thing.initial(prepared, steps)),
    next: (state, attended) => each((thing, name) => thing.next(rememberedBy('attention', state, name), attended)),
    unroll: (...args) => (named.some(([, { sequential }]) => sequential) ? unroll(...args) : undefined),
  };
}

/** Runs a sequence of queries `[B, T, Q]` one by one. */
function unroll(mechanism: Pick<Mechanism, 'step'>, query: Tensor, prepared: Prepared, initial: State, key?: Key): Steps {
  const { mask } = prepared;
  const steps: Omit<Step, 'state'>[] = [];
  let state = initial;
  for (const [t, q] of unstack(query, 1).entries()) {
    const now = mask?.rank === 3 ? { ...prepared, mask: select(mask, 1, mask.shape[1] === 1 ? 0 : t) } : prepared;
    const { state: after, ...taken } = mechanism.step(q, now, state, key ? { key: foldIn(key, t) } : {});
    steps.push(taken);
    state = after;
  }
  const { context, ...rest } = stacked(steps);
  return { output: context, ...rest, state };
}

const places = ({ values }: Prepared) => values.shape.slice(0, 2); // [B, S]

/** The weights of the previous step `[B, S]`, 0 at first: state `weights`. */
export const previousWeights = /* @__PURE__ */ remember({
  weights: {
    initial: (prepared) => zeros(places(prepared)),
    next: (_, { weights }) => select(weights, 1, -1),
    sequential: true,
  },
});

/** The sum of all weights so far `[B, S]`: state `coverage`. */
export const coverageSoFar = /* @__PURE__ */ remember({
  coverage: {
    initial: (prepared) => zeros(places(prepared)),
    next: (before, { weights }) => add(before, sum(weights, { axis: 1 })),
    sequential: true,
  },
});

/** A count, int32 `[B, 1]`, that each query advances by one. */
const counted = (name: string, from: (keys: number, steps: number) => number): History => {
  const count: Remembered = {
    initial(prepared, steps) {
      const [batch, keys] = places(prepared) as [number, number];
      return full([batch, 1], from(keys, steps ?? keys), 'int32');
    },
    next(before, { weights }) {
      return add(before, weights.shape[1] as number);
    },
    sequential: false,
  };
  return remember({ [name]: count });
};

/** The number of earlier queries, int32 `[B, 1]`: state `steps`. */
export const stepsSoFar = /* @__PURE__ */ counted('steps', () => 0);

/**
 * The place of the next query among the keys, int32 `[B, 1]`: state `place`. It counts from 0. In a sequence of known length, the last
 * query is at the last key.
 */
export const placeOfQuery = /* @__PURE__ */ counted('place', (keys, steps) => keys - steps);

/** What a state holds under a name. */
export function rememberedBy(op: string, state: State, name: string): Tensor {
  const x: unknown = (state as State | null | undefined)?.[name];
  expectTensor(op, `state.${name}`, x);
  return x;
}

/** The count of each of some queries, int32 `[B, T]`; the state holds that of the first. */
export function placesOf(state: State, name: 'steps' | 'place', queries: number): Tensor {
  return add(rememberedBy('attention', state, name), arange(queries)); // [B, 1] and [T]
}
