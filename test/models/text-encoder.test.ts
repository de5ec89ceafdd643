import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { padBatch } from '../../src/data/batch.ts';
import { meanPool, unitLength } from '../../src/models/transformer/pooling.ts';
import { TextEncoder } from '../../src/models/transformer/text-encoder.ts';
import { normal, select, slice } from '../../src/ops/index.ts';
import { type Backend, withBackend } from '../../src/runtime/backend.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { bits } from '../nn/row.ts';
import { poolOf } from '../runtime/pool.ts';

const made = (options: Partial<ConstructorParameters<typeof TextEncoder>[0]> = {}) =>
  new TextEncoder({ symbols: 50, size: 24, layers: 2, heads: 3, length: 40, hidden: 40, ...options }, key(1));

const tokens = tensor([[1, 2, 3, 4], [5, 6, 7, 8]], { dtype: 'int32' }); // biome-ignore format: two rows

describe('TextEncoder', () => {
  const model = made();
  const texts = fc.array(fc.array(fc.integer({ min: 0, max: 49 }), { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 9 });

  it('gives a sentence the same bits alone, in a batch and before padding', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 8 }), (all, more) =>
        scope(() => {
          const minLength = Math.min(40, Math.max(...all.map(({ length }) => length)) + more);
          const { tokens: batch, lengths, mask } = padBatch(all, { minLength, pad: more });
          const together = model.embed(batch, { lengths });
          expect(bits(model.embed(batch, { mask }))).toEqual(bits(together));
          const hidden = model.forward(batch, { mask });
          all.forEach((text, i) => {
            const alone = tensor([text], { dtype: 'int32' });
            expect(bits(model.embed(alone))).toEqual(bits(slice(together, 0, i, i + 1)));
            const own = slice(slice(hidden, 0, i, i + 1), 1, 0, text.length);
            expect(bits(model.forward(alone))).toEqual(bits(own));
            const norm = Array.from(together.toArray()).slice(24 * i, 24 * i + 24).reduce((sum, x) => sum + x * x, 0); // biome-ignore format: one line
            expect(norm).toBeCloseTo(1, 5);
          });
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('gives the weights of every layer and head, and the same bits with them', () => {
    const { output, weights } = model.forward(tokens, { lengths: [4, 2], weights: true });
    expect(bits(output)).toEqual(bits(model.forward(tokens, { lengths: [4, 2] })));
    expect(weights.map(({ shape }) => shape)).toEqual([[2, 3, 4, 4], [2, 3, 4, 4]]); // biome-ignore format: one line
    for (const x of weights) expect(Array.from(x.toArray().slice(48)).every((w, i) => (i % 4 < 2 ? w > 0 : w === 0))).toBe(true);
  });

  it('takes tokens without a kind for the first kind', () => {
    expect(bits(model.forward(tokens, { types: full([2, 4], 0, 'int32') }))).toEqual(bits(model.forward(tokens)));
    expect(bits(model.forward(tokens, { types: full([2, 4], 1, 'int32') }))).not.toEqual(bits(model.forward(tokens)));
  });

  it('says what does not fit', () => {
    expect(() => made({ length: 3 }).forward(tokens)).toThrow('TextEncoder: tokens must be at most 3 long, got 4');
    expect(() => model.forward(tokens, { lengths: [4, 5] })).toThrow(
      'lengthsToMask: lengths must be whole numbers from 0 to 4, got 5 at 1',
    );
    expect(() => model.forward(tokens, { lengths: [4] })).toThrow('TextEncoder: lengths must be of 2 examples, got bool [1, 4]');
    expect(() => model.embed(tokens, { mask: full([2, 3], 1, 'bool') })).toThrow('TextEncoder: mask must be bool [2, 4], got bool [2, 3]');
    expect(() => model.embed(tokens, { mask: full([2, 4], 1) })).toThrow('TextEncoder: mask must be bool [2, 4], got float32 [2, 4]');
    expect(() => model.forward(tokens, { lengths: [4, 4], mask: full([2, 4], 1, 'bool') })).toThrow(
      'TextEncoder: lengths must be given without a mask, got both',
    );
    expect(() => model.forward(tokens, { types: full([2, 3], 0, 'int32') })).toThrow(
      "TextEncoder: types must be of the tokens' shape, got int32 [2, 3] for int32 [2, 4]",
    );
    expect(() => made({ types: 0 }).forward(tokens, { types: full([2, 4], 0, 'int32') })).toThrow(
      'TextEncoder: types must be left out where the encoder knows none, got some',
    );
    expect(() => model.pooled(model.forward(tokens))).toThrow('TextEncoder: pooled needs a pooler; make the encoder with pooler: true');
    expect(() => model.forward(normal(key(1), [2, 4]))).toThrow('TextEncoder: tokens must be int32 [B, T], got float32 [2, 4]');
  });
});

describe('meanPool', () => {
  it('takes what is real alone, whatever the rest holds', () => {
    const x = tensor([[[1, 2], [3, 6], [Number.NaN, Number.POSITIVE_INFINITY]]]); // biome-ignore format: one line
    expect(Array.from(meanPool(x, tensor([[1, 1, 0]], { dtype: 'bool' })).toArray())).toEqual([2, 4]);
    expect(Array.from(meanPool(slice(x, 1, 0, 2)).toArray())).toEqual([2, 4]);
    expect(Array.from(meanPool(x, tensor([[0, 0, 0]], { dtype: 'bool' })).toArray())).toEqual([0, 0]);
    expect(() => meanPool(select(x, 1, 0))).toThrow('meanPool: hidden must be [B, T, D], got float32 [1, 2]');
    expect(() => meanPool(x, full([1, 2], 1, 'bool'))).toThrow('meanPool: mask must be bool [1, 3], got bool [1, 2]');
  });

  it('leaves what has no length at 0', () => {
    expect(Array.from(unitLength(tensor([[3, 4], [0, 0]])).toArray())).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]); // biome-ignore format: one line
  });
});

describe('TextEncoder on threads', async () => {
  const shared = await poolOf(3);
  const alone = await wasmBackend();
  afterAll(() => shared.pool.close());

  it('has the bits of one', () => {
    const { tokens: batch, lengths } = { tokens: Array.from({ length: 160 }, (_, i) => (i * 7) % 50), lengths: [40, 1, 17, 39] };
    const vectors = (on: Backend) =>
      withBackend(on, () => scope(() => bits(made().embed(tensor(batch, { shape: [4, 40], dtype: 'int32' }), { lengths }))));
    expect(vectors(shared.on)).toEqual(vectors(alone));
  });
});
