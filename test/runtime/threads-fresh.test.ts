// Each case starts its own pool: scratch that an earlier call has enlarged would hide a worker's share that is too small.
import { describe, expect, it } from 'vitest';
import type * as Package from '../../src/all.ts';

const rooms = await Promise.all(
  ['index', 'nn', 'ops', 'attention'].map((room) => import(new URL(`../../dist/${room}.js`, import.meta.url).href)),
);
const built = Object.assign({}, ...rooms) as typeof Package;

type Backend = Awaited<ReturnType<typeof built.wasmBackend>>;

/** Bits of attention over [batch, heads, queries, keys, width] and its weights. */
function attention(on: Backend, [b, h, t, s, d]: readonly [number, number, number, number, number]): Int32Array[] {
  const { key, normal, scaledDotProductAttention, scope, withBackend } = built;
  return withBackend(on, () =>
    scope(() => {
      const [q, k, v] = [normal(key(1), [b, h, t, d]), normal(key(2), [b, h, s, d]), normal(key(3), [b, h, s, d])];
      const { output, weights } = scaledDotProductAttention(q, k, v, { weights: true });
      return [output, weights].map((x) => new Int32Array(x.toArray().buffer));
    }),
  );
}

const differing = (got: readonly Int32Array[], wanted: readonly Int32Array[]) =>
  wanted.reduce((count, values, i) => count + values.filter((value, j) => value !== got[i]?.[j]).length, 0);

const sizes = [
  [16, 8, 64, 64, 16],
  [16, 8, 64, 64, 8],
  [16, 8, 64, 100, 4],
  [64, 4, 8, 8, 32],
] as const;

describe('attention with narrow heads over short sequences, at the default grain', () => {
  const alone = built.wasmBackend();
  for (const size of sizes)
    for (const threads of [3, 8]) {
      it(`${size.join(' × ')} on ${threads} new threads has the bits of one`, async () => {
        const wanted = attention(await alone, size);
        const on = await built.wasmBackend({ threads });
        try {
          for (let call = 0; call < 12; call++) expect(differing(attention(on, size), wanted), `elements of call ${call}`).toBe(0);
        } finally {
          on.close?.();
        }
      });
    }
});

/** What else heads are made with. */
type Kind = () => { windows?: Package.Window[]; between?: Package.Between; scale?: number; softcap?: number };

const kinds: Record<string, Kind> = {
  rotary: () => ({ between: new built.Rotary({ table: built.rotaryTable({ width: 8, length: 520 }) }) }),
  'slopes, sliding': () => ({ windows: [built.alibi(built.alibiSlopes(8)), built.sliding({ before: 100 })] }),
  'buckets, one scale': () => ({ windows: [new built.DistanceBias({ heads: 8, bidirectional: false }, built.key(4))], scale: 1 }),
  'relative, capped': () => ({ windows: [new built.RelativePositions({ size: 8, reach: 16 }, built.key(5))], softcap: 5 }),
};

/** Bits of a text of 520 tokens that a cache takes in these chunks. */
function cached(on: Backend, ends: readonly number[], kind: Kind = () => ({})): number[] {
  const { causal, CombinedWindow, key, MultiHead, noGrad, normal, scope, slice, withBackend } = built;
  return withBackend(on, () =>
    scope(() =>
      noGrad(() => {
        const { windows = [], ...rest } = kind();
        const window = new CombinedWindow(causal, ...windows);
        const heads = new MultiHead({ query: 64, key: 64, heads: 8, keyHeads: 2, window, ...rest }, key(1));
        const text = normal(key(2), [2, 520, 64]);
        if (ends.length === 2) return Array.from(heads.forward(text, text).output.toArray());
        const rows: number[][] = [[], []];
        let cache: ReturnType<typeof heads.extend>['cache'] | undefined;
        ends.slice(1).forEach((end, i) => {
          const step = heads.extend(slice(text, 1, ends[i] as number, end), cache);
          cache = step.cache;
          const all = step.output.toArray();
          for (const b of [0, 1]) rows[b]?.push(...all.subarray((b * all.length) / 2, ((b + 1) * all.length) / 2));
        });
        return rows.flat();
      }),
    ),
  );
}

describe('a cache on new threads', () => {
  it.each([3, 8])('of %i has the bits of the whole text on one', async (threads) => {
    const wanted = cached(await built.wasmBackend(), [0, 520]);
    const on = await built.wasmBackend({ threads });
    try {
      const got = cached(on, [0, 300, 301, 302, 380, 520]);
      expect(got.findIndex((x, i) => !Object.is(x, wanted[i]))).toBe(-1);
    } finally {
      on.close?.();
    }
  });

  it.each(Object.keys(kinds))('of 3 has them with %s', async (name) => {
    const wanted = cached(await built.wasmBackend(), [0, 520], kinds[name]);
    const on = await built.wasmBackend({ threads: 3 });
    try {
      const got = cached(on, [0, 300, 301, 302, 380, 520], kinds[name]);
      expect(got.findIndex((x, i) => !Object.is(x, wanted[i]))).toBe(-1);
    } finally {
      on.close?.();
    }
  });
});

/** Bits of what a Transformer's layer does beside products and attention, forward and backward. */
function parts(on: Backend): Int32Array[] {
  const { grad, key, mul, normal, parameter, rmsNorm, rotary, rotaryTable, scope, silu, softcap, sum, swiglu, tensor, withBackend } = built;
  return withBackend(on, () =>
    scope(() => {
      const [x, up, weight] = [normal(key(1), [4, 8, 96, 48]), normal(key(2), [4, 8, 96, 48]), normal(key(3), [48])].map(parameter) as [
        InstanceType<typeof built.Tensor>,
        InstanceType<typeof built.Tensor>,
        InstanceType<typeof built.Tensor>,
      ];
      const positions = tensor(
        Int32Array.from({ length: 4 * 96 }, (_, i) => (i * 7) % 200),
        { shape: [4, 96] },
      );
      const table = rotaryTable({ width: 32, length: 200 });
      const turned = (['halves', 'pairs'] as const).map((layout) => rotary(rmsNorm(x, weight), table, positions, { layout }));
      const ys = [...turned, swiglu(x, up), silu(x), softcap(x, 2)];
      const whole = ys.map((y) => sum(mul(y, y))).reduce((a, b) => built.add(a, b));
      return [...ys, ...grad(whole, [x, up, weight])].map((y) => new Int32Array(y.toArray().buffer));
    }),
  );
}

describe('the parts of a layer on new threads', () => {
  it.each([3, 8])('of %i have the bits of one', async (threads) => {
    const wanted = parts(await built.wasmBackend());
    const on = await built.wasmBackend({ threads });
    try {
      for (let call = 0; call < 4; call++) expect(differing(parts(on), wanted), `elements of call ${call}`).toBe(0);
    } finally {
      on.close?.();
    }
  });
});

/** Bits of what entities hear, forward and backward. */
function heard(on: Backend): Int32Array[] {
  const { entityStates, grad, key, mul, normal, parameter, scope, sum, tensor, withBackend } = built;
  return withBackend(on, () =>
    scope(() => {
      const draw = (n: number, ...shape: number[]) => parameter(normal(key(n), shape, { std: 0.2 }));
      const [sentences, h0] = [draw(1, 9, 5, 100), draw(2, 9, 20, 100)];
      const [sentenceWeight, keyWeight, stateWeight] = [draw(3, 100, 100), draw(4, 100, 100), draw(5, 100, 100)];
      const rest = { keys: draw(6, 20, 100), gateBias: draw(7, 20), stateBias: draw(8, 100), slopes: draw(9, 100) };
      const weights = { ...rest, sentenceWeight, keyWeight, stateWeight };
      const mask = tensor(Array.from({ length: 9 }, (_, b) => [0, 1, 2, 3, 4].map((s) => s <= b % 5)));
      const { states, gates } = entityStates(sentences, h0, weights, { mask });
      const whole = built.add(sum(mul(states, mul(states, states))), sum(mul(gates, gates)));
      return [states, gates, ...grad(whole, [sentences, h0, ...Object.values(weights)])].map((y) => new Int32Array(y.toArray().buffer));
    }),
  );
}

describe('entities on new threads', () => {
  it.each([3, 8])('of %i have the bits of one', async (threads) => {
    const wanted = heard(await built.wasmBackend());
    const on = await built.wasmBackend({ threads });
    try {
      for (let call = 0; call < 3; call++) expect(differing(heard(on), wanted), `elements of call ${call}`).toBe(0);
    } finally {
      on.close?.();
    }
  });
});
