// What is the Transformer's alone among the translators; `translators.test.ts` and `aren.test.ts` have the rest.
import { describe, expect, it } from 'vitest';
import { DistanceBias } from '../../src/attention/distance.ts';
import { noGrad } from '../../src/autograd/record.ts';
import { Seq2SeqTransformer, type Seq2SeqTransformerOptions } from '../../src/models/transformer/seq2seq-transformer.ts';
import { sinusoidalTable } from '../../src/nn/positions/sinusoidal.ts';
import { takeRows } from '../../src/nn/state.ts';
import { add, concat, crossEntropy, mul, slice } from '../../src/ops/index.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, sentences } from '../nn/row.ts';

const sizes = { source: 9, target: 9, size: 8, heads: 2, layers: 3, hidden: 12 };
const build = (options: Partial<Seq2SeqTransformerOptions> = {}) => new Seq2SeqTransformer({ ...sizes, ...options }, key(1));
const BATCH = [0, 1, 2];
const source = sentences(BATCH, 6, 9, 1);
const target = sentences(BATCH, 7, 9, 2);

describe('Seq2SeqTransformer', () => {
  const model = build();

  it('shows what every head of every layer looked at, and changes no bit by it', () => {
    const logits = model.forward(source, target);
    const { logits: seen, weights } = model.look(source, target);
    expect(bits(seen)).toEqual(bits(logits));
    expect(weights.encoder.map(({ shape }) => shape)).toEqual(new Array(3).fill([3, 2, 6, 6]));
    expect(weights.decoder.map(({ self }) => self.shape)).toEqual(new Array(3).fill([3, 2, 7, 7]));
    expect(weights.decoder.map(({ cross }) => cross.shape)).toEqual(new Array(3).fill([3, 2, 7, 6]));
  });

  it('aligns by the last layer but one, or by the layer that is asked for', () => {
    const { weights } = model.look(source, target);
    expect(bits(model.teach(source, target).weights as Tensor)).toEqual(bits(weights.decoder[1]?.cross as Tensor));
    const other = build({ alignment: 2 });
    expect(bits(other.teach(source, target).weights as Tensor)).toEqual(bits(weights.decoder[2]?.cross as Tensor));
    expect(build({ layers: 1 }).alignment).toBe(0);
    expect(other.translate(source, { maxLength: 4 }).weights?.shape.slice(0, 2)).toEqual([3, 2]);
  });

  it('steps with the bits of a whole target, each row with its own place', () => {
    noGrad(() => {
      const read = model.read(source);
      const whole = model.forward(source, target);
      const fed = [1, ...Array.from(slice(target, 0, 0, 1).toArray())];
      const row = (x: Tensor, b: number) => slice(x, 0, b, b + 1);
      let state = model.initialState(read);
      for (let t = 0; t < 7; t++) {
        const tokens = tensor(Int32Array.from(BATCH.map((b) => (t === 0 ? 1 : (target.toArray()[b * 7 + t - 1] as number)))));
        const { logits, state: after } = model.step(tokens, read, state);
        expect(bits(logits)).toEqual(bits(slice(whole, 1, t, t + 1)));
        // Row 0 alone, its place told by its own cache.
        const one = tensor(Int32Array.of(0));
        const alone = model.step(tensor(Int32Array.of(fed[t] as number)), takeRows(read, one), takeRows(state, one));
        expect(bits(alone.logits)).toEqual(bits(row(logits, 0)));
        state = after;
      }
    });
  });

  it('steps from caches of unlike lengths', () => {
    noGrad(() => {
      const read = model.read(source);
      const whole = model.forward(source, target);
      const lengths = [3, 1, 2];
      const fed = concat([full([3, 1], 1, 'int32'), slice(target, 1, 0, 6)], 1);
      const table = sinusoidalTable({ length: 3, size: 8 });
      const x = add(mul(model.embedding.forward(slice(fed, 1, 0, 3)), Math.sqrt(8)), table);
      const { state } = model.transformer.decoder.extend(x, read, undefined, { lengths });
      const next = tensor(Int32Array.from(lengths, (at, b) => fed.toArray()[b * 7 + at] as number));
      const { logits } = model.step(next, read, state);
      lengths.forEach((at, b) => {
        expect(bits(slice(logits, 0, b, b + 1))).toEqual(bits(slice(slice(whole, 0, b, b + 1), 1, at, at + 1)));
      });
    });
  });

  it('draws everywhere where a key is given: of the source, of the target and in the layers', () => {
    const wet = build({ dropout: 0.3 });
    const [once, again, other] = [key(1), key(1), key(2)].map((from) => bits(wet.forward(source, target, { key: from })));
    expect(once).toEqual(again);
    expect(once).not.toEqual(other);
    expect(bits(wet.forward(source, target))).toEqual(bits(model.forward(source, target)));
    const read = [undefined, key(3), key(4)].map((from) => bits(wet.read(source, { key: from }).layers[0]?.keys as Tensor));
    expect(new Set(read.map(String)).size).toBe(3);
  });

  it('takes its losses with label smoothing as any logits', () => {
    const logits = model.forward(source, target);
    expect(crossEntropy(logits, target, { ignoreIndex: 0, labelSmoothing: 0.1 }).item()).toBeGreaterThan(0);
  });

  it('counts what it shares once, and takes files of either name', () => {
    const tied = build({ shared: true, tied: true });
    const names = [...tied.stateDict().keys()].filter((name) => !name.startsWith('transformer.'));
    expect(names).toEqual(['embedding.weight', 'output.bias']);
    const file = new Map(tied.stateDict());
    file.set('output.weight', file.get('embedding.weight') as Tensor);
    file.delete('embedding.weight');
    expect(() => build({ shared: true, tied: true }).loadStateDict(file)).not.toThrow();
    expect([...build({ positions: 'learned' }).stateDict().keys()].filter((name) => name.includes('ositions'))).toEqual([
      'sourcePositions.weight',
      'positions.weight',
    ]);
  });

  it('takes any waves, and has no positions where none are wanted', () => {
    const logits = (positions: Seq2SeqTransformerOptions['positions']) => bits(build({ positions }).forward(source, target));
    expect(logits({ preset: 'tensor2tensor', first: 1 })).toEqual(logits('opennmt'));
    expect(logits({ preset: 'vaswani' })).toEqual(logits('sinusoidal'));
    const kinds = ['sinusoidal', 'tensor2tensor', 'opennmt', 'learned', 'rotary', 'relative', 'distance', 'alibi', 'none'] as const;
    expect(new Set(kinds.map((kind) => String(logits(kind)))).size).toBe(kinds.length);
  });

  it('draws no window anew that it is given', () => {
    const window = new DistanceBias({ heads: 2 }, key(5));
    const before = bits(window.weight);
    const given = build({ encoder: { window } });
    expect([...given.stateDict().values()]).toContain(window.weight);
    expect(bits(window.weight)).toEqual(before);
  });

  it.each(['sinusoidal', 'learned', 'rotary', 'relative'] as const)('writes no more than %s positions have room for', async (positions) => {
    const short = build({ length: 6, positions });
    const shut = short.output.bias?.view() as Float32Array;
    shut[2] = -99; // it never ends
    const [most, asked] = positions === 'relative' ? [2 * 6 + 10, 7] : [6, 6];
    expect(short.translate(source).tokens[0]?.length).toBe(most);
    expect(short.translate(source, { maxLength: 7, beam: 2 }).tokens[0]?.length).toBe(asked);
    let steps = 0;
    for await (const _ of short.generate(source)) steps++;
    expect(steps).toBe(most);
  });

  it('refuses what it cannot be made of or do, by name', () => {
    expect(() => build({ alignment: 3 })).toThrow('Seq2SeqTransformer: alignment must be below 3 layers, got 3');
    expect(() => build({ shared: true, source: 8 })).toThrow(
      'Seq2SeqTransformer: shared needs as many source symbols as target symbols, of one size, got 8 of 8 and 9 of 8',
    );
    expect(() => build({ positions: 'sinus' as 'none' })).toThrow(
      "Seq2SeqTransformer: positions must be one of sinusoidal, tensor2tensor, opennmt, learned, rotary, relative, distance, alibi, none, got 'sinus'",
    );
    expect(() => build({ positions: { first: -1 } })).toThrow('Seq2SeqTransformer positions: first must be a whole number from 0, got -1');
    expect(() => build({ length: 5 }).forward(source, target)).toThrow('Seq2SeqTransformer: source must be at most 5 long, got 6');
    expect(() => build({ length: 6 }).forward(source, target)).toThrow('Seq2SeqTransformer: target must be at most 6 long, got 7');
    expect(() => build({ heads: 3 })).toThrow('MultiHead: size must be a multiple of heads, got 8 and 3');
    const read = model.read(source);
    const embedded = model.embedding.forward(tensor(Int32Array.of(1, 1, 1)));
    expect(() => model.advance(embedded, read, model.initialState(read), { key: key(1) })).toThrow(
      'Seq2SeqTransformer: key must be given to forward or teach, which drop, got one in advance',
    );
    expect(() =>
      model.transformer.decoder.extend(slice(model.embedding.forward(target), 1, 0, 1), read, undefined, { weights: 3 }),
    ).toThrow('TransformerDecoder: weights must be true, false or one of 3 layers, got 3');
  });
});
