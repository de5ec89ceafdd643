// States of step forms: groups of tensors by name. What is none is refused with its path; unroll's own refusals.
import { describe, expect, it } from 'vitest';
import { LSTMCell } from '../../src/nn/cells.ts';
import { expectState, mapState, partsOf, type State } from '../../src/nn/state.ts';
import { unroll } from '../../src/nn/unroll.ts';
import { neg } from '../../src/ops/index.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

describe('a state', () => {
  const [a, b] = [ones([2]), ones([3])];

  it('has its tensors under their paths, in groups within groups', () => {
    expect(partsOf('op', { a, deep: { b } })).toEqual([
      ['state.a', a],
      ['state.deep.b', b],
    ]);
    expect(partsOf('op', a as unknown as State)).toEqual([['state', a]]);
    expect(partsOf('op', { twice: { a }, again: { a } })).toHaveLength(2);
  });

  it('is refused where it is none, with the path', () => {
    const itself: Record<string, unknown> = { a };
    itself.inner = itself;
    for (const [state, got] of [
      [{ a: [b] }, '[an object] at state.a'],
      [{ deep: { n: 3 } }, '3 at state.deep.n'],
      [undefined, 'undefined at state'],
      [null, 'null at state'],
      [itself, 'the group itself at state.inner'],
    ] as const) {
      expect(() => partsOf('op', state as unknown as State)).toThrow(`op: state must be tensors in named groups, got ${got}`);
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
    expect([...after.outputs.toArray()]).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('starts where it is told, and at the core’s own start else', () => {
    const x = ones([2, 1, 3]);
    const zeros = unroll(cell, x).state.h.toArray();
    expect(unroll(cell, x, { state: cell.initialState(2) }).state.h.toArray()).toEqual(zeros);
    expect(unroll(cell, x, { state }).state.h.toArray()).not.toEqual(zeros);
    expect(unroll(cell, x, { state }).state.h.toArray()).toEqual(cell.step(ones([2, 3]), state).state.h.toArray());
  });
});
