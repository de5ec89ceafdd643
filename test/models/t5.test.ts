import { afterAll, describe, expect, it } from 'vitest';
import { T5, type T5Options } from '../../src/models/transformer/t5.ts';
import type { Dropout } from '../../src/nn/dropout.ts';
import { slice } from '../../src/ops/index.ts';
import { type Backend, withBackend } from '../../src/runtime/backend.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { tensor } from '../../src/tensor/create.ts';
import { foldIn, type Key, key, randomInt } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits } from '../nn/row.ts';
import { poolOf } from '../runtime/pool.ts';

const [B, S, T, C] = [3, 40, 30, 17];
const versions: Record<string, Partial<T5Options>> = {
  '1.0': { buckets: 8, distance: 20 },
  '1.1': { gated: true, activation: 'gelu-tanh', tied: false, headSize: 5, decoderLayers: 3 },
};
const build = (version: string, options: Partial<T5Options> = {}) =>
  new T5({ symbols: C, size: 12, heads: 3, hidden: 20, layers: 2, ...versions[version], ...options }, key(1));

/** Tokens without pads and ends, but for the ends of the second source. */
const drawn = (seed: number, time: number) =>
  tensor(
    Int32Array.from({ length: B * time }, (_, i) =>
      seed === 1 && i >= 2 * time - 11 && i < 2 * time ? 0 : 2 + randomInt(foldIn(key(seed), i), 0, C - 2),
    ),
    { shape: [B, time] },
  );
const source = () => drawn(1, S);
const target = () => drawn(2, T);

describe.each(Object.keys(versions))('T5 %s', (version) => {
  it('has the bits of the whole target token by token, from its cache', () => {
    const model = build(version);
    const whole = model.teach(source(), target());
    const read = model.read(source());
    let state = model.initialState(read);
    for (let t = 0; t < T; t++) {
      const last =
        t === 0 ? tensor(new Int32Array(B)) : tensor(Int32Array.from({ length: B }, (_, b) => target().toArray()[b * T + t - 1] as number));
      const { logits, trace, state: after } = model.step(last, read, state);
      expect(bits(logits), `token ${t}`).toEqual(bits(slice(whole.logits, 1, t, t + 1)));
      const seen = whole.weights && slice(whole.weights, 2, t, t + 1); // [B, H, 1, S]
      expect(trace && bits(trace)).toEqual(seen && bits(seen));
      state = after;
    }
  });

  it('shows where every head of every layer looks, and changes no bit by it', () => {
    const model = build(version);
    const { logits, weights } = model.look(source(), target());
    expect(bits(logits)).toEqual(bits(model.forward(source(), target())));
    expect(weights.encoder.map(({ shape }) => shape)).toEqual([[B, 3, S, S], [B, 3, S, S]]); // biome-ignore format: one line
    const layers = version === '1.0' ? 2 : 3;
    expect(model.alignment).toBe(layers - 2);
    expect(weights.decoder.map(({ self, cross }) => [self.shape, cross.shape])).toEqual(Array(layers).fill([[B, 3, T, T], [B, 3, T, S]])); // biome-ignore format: one line
    expect(bits(weights.decoder[model.alignment]?.cross ?? logits)).toEqual(bits(model.teach(source(), target()).weights ?? logits));
  });

  it('drops only where a key is given, each key otherwise', () => {
    const [dry, wet] = [build(version), build(version, { dropout: 0.3 })];
    expect(bits(wet.forward(source(), target()))).toEqual(bits(dry.forward(source(), target())));
    const [once, again, other] = [key(1), key(1), key(2)].map((from) => bits(wet.forward(source(), target(), { key: from })));
    expect(once).toEqual(again);
    expect(once).not.toEqual(other);
    const dropped = (x: Tensor) => x.toArray().filter((v) => v === 0).length / x.size;
    expect(dropped(wet.encode(source()))).toBe(0);
    expect(Math.abs(dropped(wet.encode(source(), { key: key(1) })) - 0.3)).toBeLessThan(0.1); // behind the last norm too
    const { dropout } = wet as unknown as { dropout: Dropout };
    const keys: (Key | undefined)[] = [];
    dropout.forward = (x, { key: from } = {}) => {
      keys.push(from);
      return x;
    };
    for (const weights of [false, true]) {
      keys.length = 0;
      if (weights) wet.teach(source(), target(), { key: key(1) });
      else wet.forward(source(), target(), { key: key(1) });
      expect(new Set(keys.map((from) => JSON.stringify(from))).size).toBe(4); // embeddings and what comes out, of both
      expect(keys).toHaveLength(4);
    }
  });
});

describe('T5', async () => {
  const shared = await poolOf(3);
  const alone = await wasmBackend();
  afterAll(() => shared.pool.close());

  it.each(Object.keys(versions))('%s has the bits of one thread on three', (version) => {
    const run = (on: Backend) =>
      withBackend(on, () =>
        scope(() => {
          const model = build(version);
          return [bits(model.forward(source(), target())), model.translate(source(), { beam: 3, maxLength: 12 }).hypotheses];
        }),
      );
    expect(run(shared.on)).toEqual(run(alone));
  });

  it('says what it cannot do', () => {
    const model = build('1.0');
    expect(() => model.encode(source(), { keys: key(1) } as object)).toThrow('read: options must be among key, got keys');
    expect(() => model.look(source(), tensor([1, 2]))).toThrow('look: target must be int32 [B, T], got float32 [2]');
    const read = model.read(source());
    expect(() =>
      model.advance(model.embedding.forward(tensor(new Int32Array(B))), read, model.initialState(read), { key: key(1) }),
    ).toThrow('T5: key must be given to forward or teach, which drop, got one in advance');
    expect(() => build('1.0', { heads: 5 })).toThrow('MultiHead: size must be a multiple of heads, got 12 and 5');
    expect(() => build('1.0', { buckets: 3 })).toThrow('buckets must be even and at least 4 where they are bidirectional, got 3');
  });
});
