// What the module table cannot say of memory networks.
import { describe, expect, it } from 'vitest';
import { backward, crossEntropy, key, padBatch, tensor, zeros } from '../../src/all.ts';
import { EntityNetwork } from '../../src/models/memory/entity-network.ts';
import { MemoryLanguageModel } from '../../src/models/memory/memory-language-model.ts';
import { MemoryNetwork } from '../../src/models/memory/memory-network.ts';
import { add, concat, sum } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits } from '../nn/row.ts';
import { afterOf, agesOf, questionsOf, SYMBOLS, storiesOf, WORDS } from './memory.ts';

const EXAMPLES = [0, 1, 2];
const questions = padBatch([[3, 4], [5, 6, 1], [2]]).tokens;
const wider = (x: Tensor, axis: number, by: number) => {
  const shape = x.shape.map((length, i) => (i === axis ? by : length));
  return concat([x, zeros(shape, 'int32')], axis);
};

describe('MemoryNetwork', () => {
  const made = (options: object = {}) => new MemoryNetwork({ symbols: SYMBOLS, size: 4, words: WORDS + 1, memory: 8, ...options }, key(1));

  it('has the same bits whatever padding stands behind stories, sentences and questions', () => {
    for (const options of [{}, { nil: false }, { encoding: 'bag' }, { tying: 'layerwise' }]) {
      const model = made(options);
      const plain = model.forward(storiesOf(EXAMPLES), questions, { ages: agesOf(EXAMPLES) });
      const padded = model.forward(wider(wider(storiesOf(EXAMPLES), 1, 3), 2, 1), wider(questions, 1, 1), {
        ages: wider(agesOf(EXAMPLES), 1, 3),
      });
      expect(bits(padded.logits)).toEqual(bits(plain.logits));
      expect(padded.weights.shape).toEqual([3, 3, 7]);
      const { weights } = padded;
      if (options.nil === false) for (const p of sum(weights, { axis: 2 }).toArray()) expect(p).toBeCloseTo(1, 6);
      else for (const p of sum(weights, { axis: 2 }).toArray()) expect(p).toBeLessThan(1); // places without a sentence have their share
    }
  });

  it('ties the embeddings of neighbouring hops', () => {
    expect([...made({ hops: 4 }).stateDict().keys()]).toEqual([0, 1, 2, 3, 4].map((i) => `embeddings.${i}`));
    expect([...made({ hops: 7, tying: 'layerwise' }).stateDict().keys()]).toEqual([
      ...[0, 1, 2, 3].map((i) => `embeddings.${i}`),
      'between',
    ]);
  });

  it('gives padding no gradient, and no answer', () => {
    const model = made();
    const { logits } = model.forward(storiesOf(EXAMPLES), questions, { ages: agesOf(EXAMPLES) });
    expect(Array.from(logits.toArray()).filter((_, i) => i % (SYMBOLS + 8) === 0)).toEqual([0, 0, 0]);
    backward(crossEntropy(logits, tensor(Int32Array.of(1, 2, 3)), { reduction: 'sum' }));
    for (const table of model.embeddings) expect(Array.from(table.grad?.toArray().subarray(0, 4) ?? [])).toEqual([0, 0, 0, 0]);
  });

  it('refuses what does not fit, by name', () => {
    const [stories, ages] = [storiesOf(EXAMPLES), agesOf(EXAMPLES)];
    const model = made();
    expect(() => model.forward(stories, questions)).toThrow('MemoryNetwork: ages must be int32 [3, 4] of the sentences, got ');
    expect(() => model.forward(ages, questions, { ages })).toThrow('MemoryNetwork: stories must be int32 [B, S, J], got ');
    expect(() => model.forward(stories, storiesOf([0]), { ages })).toThrow('MemoryNetwork: questions must be int32 [B, T], got ');
    expect(() => model.forward(stories, padBatch([[1]]).tokens, { ages })).toThrow(
      'MemoryNetwork: questions must be 3, one a story, got 1',
    );
    expect(() => made({ memory: 3 }).forward(stories, questions, { ages })).toThrow(
      'MemoryNetwork: stories must have at most 3 sentences of 4 words, as the questions, got [3, 4, 3] and [3, 3]',
    );
    const no = tensor(Int32Array.of(1, 2, SYMBOLS), { shape: [3, 1] });
    expect(() => model.forward(add(stories, 6), questions, { ages })).toThrow('MemoryNetwork: stories must be in [0, 7), got ');
    expect(() => model.forward(stories, no, { ages })).toThrow('MemoryNetwork: questions must be in [0, 7), got 7 at 2');
    expect(() => model.forward(stories, questions, { ages: add(ages, 8) })).toThrow('MemoryNetwork: ages must be in [0, 9), got ');
    expect(() => made({ time: false }).forward(stories, questions, { ages })).toThrow(
      'MemoryNetwork: ages must be left out where time is off, got some',
    );
    expect(() => model.forward(stories, questions, { ages, linear: 1 } as never)).toThrow(
      'MemoryNetwork: linear must be true or false, got 1',
    );
  });
});

describe('MemoryLanguageModel', () => {
  const model = new MemoryLanguageModel({ symbols: SYMBOLS, size: 4, memory: 6, hops: 2 }, key(1));
  const past = (...words: number[]) => tensor(Int32Array.from(words), { shape: [1, words.length] });

  it('counts ages from the end: padding before a shorter past says nothing', () => {
    const [short, padded] = [model.forward(past(3, 4)), model.forward(past(0, 0, 3, 4))];
    Array.from(short.logits.toArray()).forEach((x, i) => expect(padded.logits.toArray()[i]).toBeCloseTo(x, 5));
    expect(padded.weights.shape).toEqual([1, 2, 4]);
    expect(Array.from(model.forward(past(4, 3)).logits.toArray())).not.toEqual(Array.from(short.logits.toArray()));
  });

  it('refuses what does not fit, by name', () => {
    expect(() => model.forward(past(1, 2, 3, 4, 5, 6, 1))).toThrow('MemoryLanguageModel: words must be 1 to 6, got [1, 7]');
    expect(() => model.forward(zeros([2]))).toThrow('MemoryLanguageModel: words must be int32 [B, T], got ');
    expect(() => model.forward(past(1, 7))).toThrow('MemoryLanguageModel: words must be in [0, 7), got 7 at 1');
  });
});

describe('EntityNetwork', () => {
  const made = (options: object = {}) => new EntityNetwork({ symbols: SYMBOLS, size: 4, words: WORDS + 1, slots: 3, ...options }, key(1));

  it('leaves states as they are behind a story, to the bit, and their gates 0', () => {
    const model = made();
    const plain = model.forward(storiesOf(EXAMPLES), questionsOf(EXAMPLES), afterOf(EXAMPLES));
    const padded = model.forward(wider(wider(storiesOf(EXAMPLES), 1, 3), 2, 1), wider(questionsOf(EXAMPLES), 2, 1), afterOf(EXAMPLES));
    expect(bits(padded.logits)).toEqual(bits(plain.logits));
    const all = bits(padded.states);
    for (const b of EXAMPLES) {
      const at = (s: number) => all.slice((b * 8 + s) * 12, (b * 8 + s + 1) * 12);
      for (const s of [5, 6, 7]) expect(at(s)).toEqual(at(4));
    }
    expect(Array.from(padded.gates.toArray()).filter((_, i) => i % 21 >= 12)).toEqual(new Array(27).fill(0));
  });

  it('keeps states at length 1 once they have heard something, and begins as its keys', () => {
    const model = made();
    const { states } = model.read(storiesOf([0]));
    const rows = Array.from({ length: 15 }, (_, i) => Array.from(states.toArray().subarray(4 * i, 4 * i + 4)));
    expect(rows.slice(0, 3).flat()).toEqual(Array.from(model.keys?.toArray() ?? []));
    for (const row of rows.slice(3)) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
  });

  it('answers from one reading what it answers in one go', () => {
    const model = made({ tied: [1, 2, 3] });
    const memory = model.read(storiesOf(EXAMPLES));
    const { logits } = model.answer(memory, questionsOf(EXAMPLES), afterOf(EXAMPLES));
    expect(bits(logits)).toEqual(bits(model.forward(storiesOf(EXAMPLES), questionsOf(EXAMPLES), afterOf(EXAMPLES)).logits));
  });

  it('refuses what does not fit, by name', () => {
    const model = made();
    const [stories, asked, after] = [storiesOf(EXAMPLES), questionsOf(EXAMPLES), afterOf(EXAMPLES)];
    expect(() => model.forward(asked.shape.length ? questions : stories, asked, after)).toThrow(
      'EntityNetwork: stories must be int32 [B, S, J], got ',
    );
    expect(() => model.forward(stories, questions, after)).toThrow('EntityNetwork: questions must be int32 [3, questions, J], got ');
    expect(() => model.forward(stories, asked, agesOf(EXAMPLES))).toThrow('EntityNetwork: after must be int32 [3, 2], got ');
    expect(() => model.forward(stories, asked, add(after, 4))).toThrow('EntityNetwork: after must be in [0, 5), got ');
    expect(() => model.forward(wider(stories, 2, 3), asked, after)).toThrow('EntityNetwork: sentences must have at most 4 words, got 6');
    expect(() => made({ tied: [1, 9, 2] })).toThrow('EntityNetwork: tied must be 3 words below 7, got [1, 9, 2]');
    expect(() => made({ tied: [0] })).toThrow('EntityNetwork: tied must be words, each a whole number from 1, got [0]');
  });
});
