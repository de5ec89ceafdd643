// One to four queries take another way through the kernel than a block of many: keys are lanes there. The bits must be the same.
import { describe, expect, it } from 'vitest';
import { type AttentionOptions, normal, scaledDotProductAttention } from '../../src/ops/index.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key, randomInt } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const FEW = 4;
const MANY = 11;

const bits = (x: Tensor) => Array.from(new Int32Array(Float32Array.from(x.toArray()).buffer));

/** The last `count` rows of the queries, `[1, H, T, D]`. */
const lastOf = (x: Tensor, count: number) => {
  const [, heads = 1, rows = 1, width = 1] = x.shape;
  const values = Array.from({ length: heads }, (_, h) =>
    Array.from(x.toArray().slice((h * rows + rows - count) * width, (h + 1) * rows * width)),
  );
  return tensor(Float32Array.from(values.flat()), { shape: [1, heads, count, width] });
};

interface Case {
  width: number;
  valueWidth: number;
  keys: number;
  causal: boolean;
  mask: 'none' | 'keys' | 'pairs';
  hidden?: number;
}

/** Which keys queries may see, of each head its own: none for one of them. */
function maskOf({ mask, keys }: Case, rows: number): Tensor | undefined {
  if (mask === 'none') return undefined;
  const lines = mask === 'keys' ? 1 : rows;
  const values = Array.from({ length: 2 * lines * keys }, (_, i) =>
    Math.floor(i / keys) === 1 && lines > 1 ? 0 : Math.min(1, randomInt(key(5), i, 3)),
  );
  return tensor(Int32Array.from(values), { shape: [1, 2, lines, keys], dtype: 'bool' });
}

/** What the last queries read: among many, and by themselves. */
function both(of: Case, count: number): [many: number[], few: number[]] {
  const { width, valueWidth, keys, causal, hidden } = of;
  return scope(() => {
    const q = normal(key(1), [1, 2, MANY, width]);
    const [k, v] = [normal(key(2), [1, 2, keys, width]), normal(key(3), [1, 2, keys, valueWidth])];
    const mask = maskOf(of, MANY);
    if (hidden !== undefined) {
      const at = Array.from(mask?.toArray() ?? []).indexOf(0); // of the first head
      for (const x of [k, v]) x.view().fill(hidden, at * (x.shape[3] as number), (at + 1) * (x.shape[3] as number));
    }
    const some = mask && (of.mask === 'keys' ? mask : lastMask(mask, count));
    const told = (m: Tensor | undefined) => ({ causal, ...(m && { mask: m }) });
    const many = scaledDotProductAttention(q, k, v, told(mask)).output;
    const few = scaledDotProductAttention(lastOf(q, count), k, v, told(some)).output;
    return [bits(lastOf(many, count)), bits(few)];
  });
}

function lastMask(mask: Tensor, count: number): Tensor {
  const [, heads = 1, rows = 1, keys = 1] = mask.shape;
  const all = Array.from(mask.toArray());
  const values = Array.from({ length: heads }, (_, h) => all.slice((h * rows + rows - count) * keys, (h + 1) * rows * keys));
  return tensor(Int32Array.from(values.flat()), { shape: [1, heads, count, keys], dtype: 'bool' });
}

const widths = [[1, 1], [2, 3], [3, 8], [4, 5], [5, 17], [7, 31], [8, 4], [12, 20], [64, 64]] as const; // biome-ignore format: a table
const lengths = [11, 12, 13, 14, 15, 16, 17, 255, 256, 257, 519];

type Three = [Tensor, Tensor, Tensor];

/** A table of distances from −`zero` on, of each head its own. */
const tableOf = (span: number, zero: number) => ({ bias: normal(key(7), [2, 1, span]), zero });

/** What else may be asked for, of `keys` keys and the last `rows` queries. */
const others: Record<string, (keys: number, rows: number) => AttentionOptions> = {
  'a cap': () => ({ softcap: 0.8 }),
  'a bias': (keys, rows) => ({ bias: lastOf(normal(key(6), [1, 2, MANY, keys]), rows) }),
  'a bias of keys': (keys) => ({ bias: normal(key(6), [1, 2, 1, keys]), causal: true }),
  slopes: () => ({ slopes: tensor([0.5, 0.06], { shape: [2, 1, 1] }), causal: true }),
  'slopes to both sides': (_, rows) => ({
    slopes: tensor([0.5, 0.06], { shape: [2, 1, 1] }),
    places: tensor([20 - rows], { dtype: 'int32' }),
  }),
  'a table of near distances': () => ({ distance: tableOf(9, 6) }),
  'a table of far distances': () => ({ distance: tableOf(400, 300), causal: true }),
  'a table of later keys': (_, rows) => ({ distance: tableOf(50, 3), places: tensor([15 - rows], { dtype: 'int32' }) }),
  'tables of queries': (_, rows) => ({ distance: { bias: lastOf(normal(key(8), [1, 2, MANY, 33]), rows), zero: 20 } }),
  'a window of keys before': () => ({ before: 5, causal: true }),
  'a window over two tiles': () => ({ before: 258, after: 0 }),
  'a window to both sides': (_, rows) => ({ before: 3, after: 2, places: tensor([14 - rows], { dtype: 'int32' }) }),
  'all of it': (keys, rows) => ({
    softcap: 2,
    bias: lastOf(normal(key(6), [1, 2, MANY, keys]), rows),
    distance: tableOf(30, 21),
    before: 130,
    causal: true,
    mask: tensor(
      Int32Array.from({ length: keys }, (_, i) => Math.min(1, i % 5)),
      { shape: [1, 1, 1, keys], dtype: 'bool' },
    ),
  }),
};

describe('few queries have the bits that they have among many', () => {
  for (const mask of ['none', 'keys', 'pairs'] as const)
    for (const causal of [false, true])
      it(`mask ${mask}${causal ? ', causal' : ''}`, () => {
        widths.forEach(([width, valueWidth], i) => {
          for (const keys of i % 3 === 0 ? lengths : lengths.slice(i % 5, 6 + (i % 5))) {
            const count = 1 + ((i + keys) % FEW);
            const [many, few] = both({ width, valueWidth, keys, causal, mask }, count);
            expect(few, `${count} queries, ${keys} keys, ${width} and ${valueWidth} wide`).toEqual(many);
          }
        });
      });

  for (const [name, options] of Object.entries(others))
    it(`with ${name}`, () => {
      for (const [width, valueWidth, keys] of [[5, 7, 11], [8, 16, 263], [4, 3, 517]] as const) // biome-ignore format: a table
        for (const count of [1, 3, 4]) {
          const [q, k, v] = [MANY, keys, keys].map((rows, i) => normal(key(i), [1, 2, rows, i < 2 ? width : valueWidth])) as Three;
          const many = scaledDotProductAttention(q, k, v, options(keys, MANY)).output;
          const few = scaledDotProductAttention(lastOf(q, count), k, v, options(keys, count)).output;
          expect(bits(few), `${count} queries, ${keys} keys`).toEqual(bits(lastOf(many, count)));
        }
    });

  it.each([-(2 ** 31), -(2 ** 30), 2 ** 30, 2 ** 31 - 1])('read nothing beyond the keys from places as far as %d', (place) => {
    const x = ones([1, 1, 2, 4]);
    const far = { places: tensor([place], { dtype: 'int32' }), slopes: ones([1]) };
    const cases: [AttentionOptions, boolean][] = [
      [{}, true],
      [{ causal: true }, place > 0],
      [{ before: 3, after: 5 }, false],
      [{ before: 2 ** 30, after: 2 ** 30 }, true],
    ];
    for (const [options, sees] of cases)
      for (const weights of [false, true]) {
        const { output } = scaledDotProductAttention(x, x, x, { ...far, ...options, weights });
        expect([...output.toArray()]).toEqual(new Array(8).fill(sees ? 1 : 0));
      }
  });

  it.each([Number.NaN, Infinity, 3e38])('with %d at a key that is hidden', (hidden) => {
    for (const count of [1, 2, 3, 4]) {
      const [many, few] = both({ width: 8, valueWidth: 12, keys: 300, causal: false, mask: 'keys', hidden }, count);
      expect(few).toEqual(many);
      expect(few.some((word) => (word & 0x7fffffff) > 0x7f800000)).toBe(false);
    }
  });

  it('also where there are fewer keys than lanes', () => {
    for (const keys of [1, 2, 3, 4, 5]) {
      const [many, few] = both({ width: 6, valueWidth: 6, keys, causal: false, mask: 'none' }, 3);
      expect(few).toEqual(many);
    }
  });
});
