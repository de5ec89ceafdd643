// States of step forms: groups of tensors by name. What is none is refused with its path; unroll's own refusals.
import { describe, expect, it } from 'vitest';
import { LSTMCell } from '../../src/nn/cells.ts';
import { expectRows, expectState, mapState, partsOf, type RowState, type State, takeRows } from '../../src/nn/state.ts';
import { unroll } from '../../src/nn/unroll.ts';
import { add, mul, neg, reshape, stack } from '../../src/ops/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const cast = (x: Tensor) => tensor(Int32Array.from(x.toArray()));

/** Texts of different lengths: no tensor holds them. */
class Past implements RowState {
  readonly texts: readonly (readonly number[])[];
  constructor(texts: readonly (readonly number[])[]) {
    this.texts = texts;
  }
  get rows() {
    return this.texts.length;
  }
  takeRows(order: Tensor): Past {
    return new Past(Array.from(order.toArray(), (row) => this.texts[row] ?? []));
  }
  mergeRows(real: Tensor, before: Past): Past {
    return new Past(Array.from(real.toArray(), (is, row) => (is ? this : before).texts[row] ?? []));
  }
  tensors() {
    return [];
  }
}

describe('a state', () => {
  const [a, b] = [ones([2]), ones([3])];

  it('has its tensors under their paths, in groups within groups', () => {
    expect(partsOf('op', { a, deep: { b } })).toEqual([
      ['state.a', a],
      ['state.deep.b', b],
    ]);
    expect(partsOf('op', a as unknown as State)).toEqual([['state', a]]);
    expect(partsOf('op', { layers: [{ a }, { b }] })).toEqual([
      ['state.layers.0.a', a],
      ['state.layers.1.b', b],
    ]);
    expect(partsOf('op', { twice: { a }, again: { a } })).toHaveLength(2);
  });

  it('is refused where it is none, with the path', () => {
    const itself: Record<string, unknown> = { a };
    itself.inner = itself;
    for (const [state, got] of [
      [{ deep: { n: 3 } }, '3 at state.deep.n'],
      [undefined, 'undefined at state'],
      [null, 'null at state'],
      [itself, 'the group itself at state.inner'],
    ] as const) {
      expect(() => partsOf('op', state as unknown as State)).toThrow(`op: state must be tensors in named groups or lists, got ${got}`);
    }
  });

  it('keeps its groups where each tensor is replaced', () => {
    const seen: Tensor[] = [];
    const noted = (x: Tensor) => {
      seen.push(x);
      return neg(x);
    };
    const mapped = mapState({ a, deep: { b } }, noted);
    expect(seen).toEqual([a, b]);
    expect([Object.keys(mapped), Object.keys(mapped.deep), [...mapped.deep.b.toArray()]]).toEqual([['a', 'deep'], ['b'], [-1, -1, -1]]);
  });

  it('gives rows in any order, lists and parts of another kind too', () => {
    const state = { h: tensor([[1], [2], [3]]), layers: [{ cache: new Past([[7], [8, 8], []]) }, { n: tensor([4, 5, 6]) }] } as const;
    const taken = takeRows(state, tensor(Int32Array.of(2, 0, 2, 1)));
    expect(taken.h.toNested()).toEqual([[3], [1], [3], [2]]);
    expect(taken.layers[1].n.toNested()).toEqual([6, 4, 6, 5]);
    expect(taken.layers[0].cache.texts).toEqual([[], [7], [], [8, 8]]);
    expect(Array.isArray(taken.layers)).toBe(true);
    expect(() => mapState(state, neg)).toThrow('mapState: state must be plain tensors, got an object that takes its rows itself');
    expect(() => expectRows('op', state, 3, 'sources')).not.toThrow();
    expect(() => expectRows('op', state, 4, 'sources')).toThrow('op: state.h must have a row for each of 4 sources, got [3, 1]');
    const cached = { cache: state.layers[0].cache };
    expect(() => expectRows('op', cached, 2, 'rows', 'source')).toThrow('op: source.cache must have a row for each of 2 rows, got 3 rows');
  });

  it('has the parts that are asked for, each of one shape', () => {
    const expected = (state: unknown) => () => expectState('op', state as State, ['h', 'c'], [2]);
    expect(expected({ h: a, c: a })).not.toThrow();
    expect(expected({ c: a, h: a })).not.toThrow();
    expect(expected({ h: a })).toThrow('op: state must be { h, c } of [2] each, got { h }');
    expect(expected({ h: a, d: a })).toThrow('op: state must be { h, c } of [2] each, got { h, d }');
    expect(expected('text')).toThrow("op: state must be { h, c } of [2] each, got 'text'");
    expect(expected({ h: a, c: b })).toThrow('op: state must be [2], got [3] for c');
    expect(expected({ h: 7, c: a })).toThrow('op: state must be [2], got 7 for h');
  });
});

describe('unroll', () => {
  const cell = new LSTMCell({ input: 3, hidden: 4 }, key(1));
  const state = { h: ones([2, 4]), c: ones([2, 4]) };

  it('says what it was given', () => {
    const mask = (x: Tensor) => () => unroll(cell, ones([2, 5, 3]), { mask: x });
    expect(() => unroll(cell, ones([2, 0, 3]))).toThrow('unroll: inputs must be [B, T, I] with at least one step, got [2, 0, 3]');
    expect(() => unroll(cell, ones([2, 5, 3, 1]))).toThrow('unroll: inputs must be [B, T, I] with at least one step, got [2, 5, 3, 1]');
    expect(mask(ones([2, 5]))).toThrow('unroll: mask must be bool, got float32');
    expect(mask(tensor([[true, false]]))).toThrow('unroll: mask must be [2, 5], got [1, 2]');
    expect(() => unroll(cell, ones([2, 5, 3]), { masks: 1 } as object)).toThrow(
      'unroll: options must be among state, mask, reverse, got masks',
    );
  });

  it('keeps groups within the state, and a tensor that a step passes on as it is', () => {
    const counting = {
      initialState: () => ({ fixed: ones([2, 1]), deep: { n: ones([2]) } }),
      step: (input: Tensor, given: { fixed: Tensor; deep: { n: Tensor } }) => ({
        output: input,
        state: { fixed: given.fixed, deep: { n: neg(given.deep.n) } },
      }),
    };
    const mask = tensor([
      [true, true, true],
      [true, false, false],
    ]);
    const start = counting.initialState();
    const after = unroll(counting, ones([2, 3, 1]), { mask, state: start });
    expect(after.state.fixed).toBe(start.fixed);
    expect([...after.state.deep.n.toArray()]).toEqual([-1, -1]);
    expect([...after.output.toArray()]).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('gives all that steps give under their names, nothing of it where a step is not real', () => {
    const telling = {
      initialState: (batch: number) => ({ past: new Past(new Array<number[]>(batch).fill([])), list: [zeros([batch])] }),
      step: (x: Tensor, { past, list }: { past: Past; list: Tensor[] }) => ({
        output: x,
        weights: mul(stack([x, x], 1), 2), // [B, 2, 1]
        choice: cast(reshape(x, [2])),
        state: {
          past: new Past(past.texts.map((text, row) => [...text, x.toArray()[row] as number])),
          list: list.map((n) => add(n, reshape(x, [2]))),
        },
      }),
    };
    const x = tensor([[[1], [2], [3]], [[4], [5], [6]]]); // biome-ignore format: rows
    const mask = tensor([[true, true, true], [true, false, true]]); // biome-ignore format: rows
    const all = unroll(telling, x, { mask });
    expect(Object.keys(all).sort()).toEqual(['choice', 'output', 'state', 'weights']);
    expect(all.weights.toNested()).toEqual([[[[2], [2]], [[4], [4]], [[6], [6]]], [[[8], [8]], [[0], [0]], [[12], [12]]]]); // biome-ignore format: rows
    expect([all.choice.dtype, all.choice.toNested()]).toEqual(['int32', [[1, 2, 3], [4, 0, 6]]]); // biome-ignore format: rows
    expect(all.state.past.texts).toEqual([
      [1, 2, 3],
      [4, 6],
    ]);
    expect(all.state.list[0]?.toNested()).toEqual([6, 10]);
    const back = unroll(telling, x, { mask, reverse: true });
    expect([back.weights.toNested(), back.state.past.texts]).toEqual([all.weights.toNested(), [[3, 2, 1], [6, 4]]]); // biome-ignore format: rows
    const without = {
      ...telling,
      initialState: (batch: number) => ({ past: Object.assign(new Past(new Array<number[]>(batch).fill([])), { mergeRows: undefined }) }),
      step: (output: Tensor) => ({ output, state: { past: Object.assign(new Past([[], []]), { mergeRows: undefined }) } }),
    };
    expect(() => unroll(without as unknown as typeof telling, x, { mask })).toThrow(
      'unroll: a state whose rows stay under a mask must have',
    );
  });

  it('starts where it is told, and at the core’s own start else', () => {
    const x = ones([2, 1, 3]);
    const fresh = unroll(cell, x).state.h.toArray();
    expect(unroll(cell, x, { state: cell.initialState(2) }).state.h.toArray()).toEqual(fresh);
    expect(unroll(cell, x, { state }).state.h.toArray()).not.toEqual(fresh);
    expect(unroll(cell, x, { state }).state.h.toArray()).toEqual(cell.step(ones([2, 3]), state).state.h.toArray());
  });
});
