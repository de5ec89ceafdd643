// Decoders that go on: cached = computed anew = alone = in a batch = in chunks of any size, bit for bit; and what is kept is a value.
import { describe, expect, it } from 'vitest';
import { sliding } from '../../src/attention/window.ts';
import { noGrad } from '../../src/autograd/record.ts';
import { TransformerDecoder, type TransformerDecoderOptions, type TransformerState } from '../../src/models/transformer/stack.ts';
import { takeRows } from '../../src/nn/state.ts';
import { concat, slice } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key, randomInt } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, padding, real } from '../nn/row.ts';

const [N, S] = [70, 19];
const BATCH = [0, 1, 2];
const targets = (examples: readonly number[]) => real(examples, [N, 12], 1);
const sources = (examples: readonly number[]) => real(examples, [S, 12], 2);

const kinds: Record<string, Partial<TransformerDecoderOptions>> = {
  'post norm': {},
  'pre norm, gated': { normFirst: true, gated: true, activation: 'silu' },
  'grouped queries, wide heads': { keyHeads: 2, headSize: 5, normFirst: true, scale: 0.3 },
  'a sliding window': { window: sliding({ before: 9, after: 0 }) },
};

function expectSame(got: Tensor, wanted: Tensor, what = ''): void {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = [bits(got), bits(wanted)];
  expect(
    a.findIndex((x, i) => x !== b[i]),
    what,
  ).toBe(-1);
}

/** Without gradients caches share memory. */
const free = (fn: () => void) => scope(() => noGrad(fn));

/** Cuts of N places, drawn. */
const cuts = (seed: number): number[] => {
  const all = [0];
  const sizes = [1, 2, 3, 7, 8, 30, 64];
  while ((all.at(-1) as number) < N)
    all.push(Math.min(N, (all.at(-1) as number) + (sizes[randomInt(key(seed), all.length, sizes.length)] as number)));
  return all;
};

describe.each(Object.entries(kinds))('TransformerDecoder, %s', (_, options) => {
  const model = new TransformerDecoder({ size: 12, heads: 4, hidden: 16, layers: 2, ...options }, key(3));
  const crossMask = padding(BATCH, S);
  const x = targets(BATCH);
  const whole = model.forward(x, sources(BATCH), { crossMask, weights: true });
  const source = model.prepare(sources(BATCH), { mask: crossMask });
  const part = (from: number, to: number) => slice(x, 1, from, to);
  const upTo = (to: number, given = source) => model.extend(part(0, to), given).state;

  it('has the same bits with weights and without', () => {
    expectSame(model.forward(x, sources(BATCH), { crossMask }), whole.output);
    expectSame(model.extend(x, source).output, whole.output);
  });

  it('has the same bits in chunks of any size, weights too', () => {
    for (let seed = 0; seed < 6; seed++)
      free(() => {
        const at = cuts(seed);
        let state: TransformerState | undefined;
        for (const [i, from] of at.slice(0, -1).entries()) {
          const to = at[i + 1] as number;
          const { output, weights, state: after } = model.extend(part(from, to), source, state, { weights: true });
          expectSame(output, slice(whole.output, 1, from, to), `${from} to ${to}`);
          weights?.forEach(({ self, cross }, layer) => {
            const wanted = whole.weights[layer];
            expectSame(cross, slice(wanted?.cross as Tensor, 2, from, to));
            expectSame(self, slice(slice(wanted?.self as Tensor, 2, from, to), 3, 0, to));
          });
          state = after;
        }
      });
  });

  it('has the same bits where gradients pass, which caches of ops hand on', () => {
    const { state } = model.extend(part(0, 31), source);
    expectSame(model.extend(part(31, N), source, state).output, slice(whole.output, 1, 31, N));
  });

  it('has the same bits alone and in a batch, whatever stands beside it', () =>
    free(() => {
      for (const e of BATCH) {
        const alone = model.prepare(sources([e]), { mask: padding([e], S) });
        const first = model.extend(slice(targets([e]), 1, 0, 11), alone);
        const { output } = model.extend(slice(targets([e]), 1, 11, N), alone, first.state);
        expectSame(concat([first.output, output], 1), slice(whole.output, 0, e, e + 1));
      }
    }));

  it('lets each example have its own length', () =>
    free(() => {
      const lengths = [5, 1, 8];
      const first = model.extend(part(0, 8), source, undefined, { lengths }).state;
      const next = concat(
        BATCH.map((e) => slice(slice(x, 0, e, e + 1), 1, lengths[e] as number, (lengths[e] as number) + 3)),
        0,
      );
      const { output } = model.extend(next, source, first);
      for (const e of BATCH) expectSame(slice(output, 0, e, e + 1), slice(slice(whole.output, 0, e, e + 1), 1, lengths[e] as number, (lengths[e] as number) + 3)); // biome-ignore format: one line
    }));

  it('forks: what others append to a state changes nothing of it', () =>
    free(() => {
      const shared = upTo(20);
      const others = [part(40, 45), part(20, 25), part(50, 55)].map((next) => model.extend(next, source, shared));
      expectSame(others[1]?.output as Tensor, slice(whole.output, 1, 20, 25));
      expectSame(model.extend(part(25, N), source, others[1]?.state).output, slice(whole.output, 1, 25, N));
    }));

  it('goes on from rows in any order, as a beam takes them', () =>
    free(() => {
      const order = [2, 0, 2, 1];
      const rows = tensor(Int32Array.from(order));
      const pick = (from: Tensor) => concat(order.map((e) => slice(from, 0, e, e + 1)), 0); // biome-ignore format: one line
      const { output } = model.extend(pick(part(20, 30)), takeRows(source, rows), takeRows(upTo(20), rows));
      expectSame(output, pick(slice(whole.output, 1, 20, 30)));
    }));

  it('refuses a state or a source of another decoder, by name', () => {
    expect(() => model.extend(x, { layers: source.layers.slice(1) })).toThrow('TransformerDecoder: source must be of 2 layers, got 1');
    expect(() => model.extend(x, source, { layers: [] })).toThrow('TransformerDecoder: state must be of 2 layers, got 0');
  });
});
