// SNAIL: its steps are its sequence, and nothing of the future is seen.
import { describe, expect, it } from 'vitest';
import { AttentionBlock, choiceLayers, DenseBlock, episodeLayers, Snail, TCBlock } from '../../src/models/index.ts';
import { takeRows } from '../../src/nn/state.ts';
import { unroll } from '../../src/nn/unroll.ts';
import { concat, select, slice, sum, unstack } from '../../src/ops/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list, real } from '../nn/row.ts';

const layers = [{ length: 6, filters: 5 }, { key: 4, value: 7 }, { length: 11, filters: 3 }, { key: 3, value: 6 }]; // biome-ignore format: one line
const build = (norm: boolean) => new Snail({ input: 9, output: 4, layers, value: true, norm }, key(1));
const x = real([0, 1, 2], [21, 9], 3); // longer than any temporal block reaches

describe.each([false, true])('Snail, norm %s', (norm) => {
  const model = build(norm);
  const whole = model.forward(x, { weights: true });

  it('gives the bits of the sequence step by step, weights too', () => {
    let state = model.initialState(3);
    unstack(x, 1).forEach((one, t) => {
      const step = model.step(one, state, { weights: true });
      state = step.state;
      expect(bits(step.output)).toEqual(bits(select(whole.output, 1, t)));
      expect(bits(step.value as Tensor)).toEqual(bits(select(whole.value as Tensor, 1, t)));
      step.weights?.forEach((weights, i) => {
        expect(bits(weights)).toEqual(bits(slice(select(whole.weights?.[i] as Tensor, 1, t), 1, 0, t + 1)));
      });
      expect(step.weights).toHaveLength(2);
    });
  });

  it('sees nothing of the future, and all of the past', () => {
    for (const t of [0, 1, 7, 13, 20]) {
      const changed = concat([slice(x, 1, 0, t), real([3, 4, 5], [21 - t, 9], 4)], 1);
      const other = model.forward(changed, { weights: true });
      for (const [a, b] of [
        [whole.output, other.output],
        [whole.value, other.value],
        ...(whole.weights ?? []).map((w, i) => [w, other.weights?.[i]]),
      ] as [Tensor, Tensor][]) {
        // biome-ignore format: one line
        expect(bits(slice(a, 1, 0, t))).toEqual(bits(slice(b, 1, 0, t)));
        expect(bits(slice(a, 1, t))).not.toEqual(bits(slice(b, 1, t)));
      }
      const early = concat([slice(x, 1, 0, t), real([3, 4, 5], [1, 9], 4), slice(x, 1, t + 1)], 1);
      expect(list(slice(model.forward(early).output, 1, 20))).not.toEqual(list(slice(whole.output, 1, 20)));
    }
  });

  it('goes on from a state whose rows were taken, and is a core', () => {
    const half = unroll(model, slice(x, 1, 0, 10));
    const order = tensor(Int32Array.of(2, 0, 2));
    const rest = unroll(model, real([2, 0, 2], [21, 9], 3), {}).output;
    const later = unroll(model, slice(real([2, 0, 2], [21, 9], 3), 1, 10), { state: takeRows(half.state, order) });
    expect(bits(later.output)).toEqual(bits(slice(rest, 1, 10)));
  });
});

describe('the blocks of SNAIL', () => {
  it('look as far back as they say', () => {
    for (const [length, count] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [10, 4],
      [100, 7],
    ] as const) {
      // biome-ignore format: one line
      const block = new TCBlock({ input: 2, length, filters: 1 }, key(1));
      expect([length, block.blocks.length, block.width]).toEqual([length, count, 2 + count]);
      expect(block.blocks.map(({ dilation }) => dilation)).toEqual(Array.from({ length: count }, (_, i) => 2 ** i));
    }
    expect(choiceLayers(10).map((layer) => Object.values(layer))).toEqual([[10, 32], [10, 32], [32, 32]]); // biome-ignore format: one line
    expect(episodeLayers(6).map((layer) => Object.values(layer))).toEqual([[64, 32], [6, 128], [256, 128], [6, 128], [512, 256]]); // biome-ignore format: one line
  });

  it('have the sizes of the paper', () => {
    const size = (model: Snail) => [...model.stateDict().values()].reduce((all, { size }) => all + size, 0);
    // Two convolutions of four blocks and attention: 4 · 32 · I + 64 of each block, three maps, a policy and a value.
    const width = 7 + 8 * 32;
    const blocks = Array.from({ length: 8 }, (_, i) => 128 * (7 + 32 * i) + 64).reduce((a, b) => a + b);
    expect(size(new Snail({ input: 7, output: 5, layers: choiceLayers(10), value: true }, key(1)))).toBe(
      blocks + 3 * 32 * width + 2 * 32 + 6 * (width + 33),
    );
  });

  it('attend with weights that sum to 1, the same bits with and without', () => {
    const block = new AttentionBlock({ input: 9, key: 4, value: 5 }, key(2));
    const { output, weights } = block.forward(x, { weights: true });
    for (const one of list(sum(weights as Tensor, { axis: 2 }))) expect(one).toBeCloseTo(1, 5);
    expect(bits(block.forward(x).output)).toEqual(bits(output));
    expect(block.forward(x).weights).toBeUndefined();
  });

  it('refuse what they cannot read', () => {
    const model = build(false);
    expect(() => model.forward(zeros([2, 9]))).toThrow('Snail: x must be float32 [B, T, 9] with T from 1, got float32 [2, 9]');
    expect(() => model.forward(zeros([2, 0, 9]))).toThrow('Snail: x must be float32 [B, T, 9] with T from 1, got float32 [2, 0, 9]');
    expect(() => model.forward(zeros([2, 1, 9]), { weight: true } as never)).toThrow('Snail: options must be among weights, got weight');
    expect(() => model.step(zeros([2, 1, 9]), model.initialState(2))).toThrow('Snail: x must be float32 [B, 9], got float32 [2, 1, 9]');
    expect(() => model.step(zeros([3, 9]), model.initialState(2))).toThrow(
      'Snail: state.layers.0.blocks.0.filter.0 must have a row for each of 3 examples, got [2, 5]',
    );
    expect(() => model.step(zeros([3, 9]), undefined as never)).toThrow("Snail: state must be this model's own, got undefined");
    expect(() => model.step(zeros([3, 9]), { layers: [] })).toThrow("Snail: state must be this model's own, got a state of 0 layers");
    const less = { layers: model.initialState(3).layers.map(() => ({ blocks: [] })) };
    expect(() => model.step(zeros([3, 9]), less)).toThrow("TCBlock: state must be this block's own, got a state of 0 blocks");
    const none = 'Snail: layers must be a list of { length, filters } or { key, value }, at least one, got []';
    expect(() => new Snail({ input: 9, output: 4, layers: [] }, key(1))).toThrow(none);
    expect(() => new Snail({ input: 9, output: 4, layers: [{ key: 3 } as never] }, key(1))).toThrow(
      'AttentionBlock: value must be a whole number from 1, got undefined',
    );
    const dense = new DenseBlock({ input: 9, filters: 2, dilation: 3 }, key(1));
    expect(() => dense.forward(zeros([2, 3, 8]))).toThrow('DenseBlock: x must be float32 [B, T, 9] with T from 1, got float32 [2, 3, 8]');
    const kept = dense.initialState(2);
    const own = 'DenseBlock: state must be lists filter and gate of 3 tensors [2, 2] each, got ';
    expect(() => dense.step(zeros([2, 9]), { ...kept, gate: kept.gate.slice(1) })).toThrow(`${own}2 of gate`);
    expect(() => dense.step(zeros([2, 9]), dense.initialState(1))).toThrow(`${own}float32 [1, 2] in filter`);
    expect(() => dense.step(zeros([2, 9]), {} as never)).toThrow(`${own}undefined of filter`);
    const attention = new AttentionBlock({ input: 9, key: 4, value: 5 }, key(2));
    expect(() => attention.step(zeros([2, 9]), kept as never)).toThrow(
      'AttentionBlock: state must be { cache }, a KeyValueCache, got an object',
    );
    expect(() => choiceLayers(0)).toThrow('choiceLayers: length must be a whole number from 1, got 0');
  });
});
