// A trained translator of names from Arabic to Latin letters (test/fixtures/pretrained): OpenNMT's weights, its words and their probabilities by CTranslate2
// and PyTorch.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { beamSearch } from '../../src/decode/beam.ts';
import { ensemble } from '../../src/decode/ensemble.ts';
import { loadTensors } from '../../src/io/tensors.ts';
import { Seq2SeqTransformer } from '../../src/models/transformer/seq2seq-transformer.ts';
import { StateMap } from '../../src/nn/state-map.ts';
import { logSoftmax, pick, slice, sum } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits } from '../nn/row.ts';

const read = (name: string) => readFileSync(new URL(`../fixtures/pretrained/aren_transliteration.${name}`, import.meta.url));
interface Facts {
  source_vocabulary: string[];
  target_vocabulary: string[];
  golden: Record<string, { greedy: string; logprob: number; beam4_sum_logprob: [string, number][] }>;
}
const { source_vocabulary: from, target_vocabulary: to, golden }: Facts = JSON.parse(read('json').toString());
const words = Object.keys(golden);
const [PAD, START, END] = [0, 1, 2];

const names = new StateMap([
  { from: 'source_embedding.weight', to: 'sourceEmbedding.weight' },
  { from: 'target_embedding.weight', to: 'embedding.weight' },
  { from: 'projection.*', to: 'output.*' },
  { from: 'transformer.**', to: 'transformer.**' },
  { from: 'test.*', ignore: true },
]);
const file = loadTensors(read('safetensors'));
const model = new Seq2SeqTransformer(
  { source: from.length + 1, target: to.length + 1, size: 32, heads: 8, layers: 6, hidden: 128, normFirst: true, positions: 'opennmt' },
  key(1),
);
model.loadStateDict(names.load(file));

const idsOf = (word: string) => [...word].map((letter) => (from.indexOf(letter) + from.length + 1) % (from.length + 1)); // unknown: the last row
/** Words as a batch, padded. */
const batch = (all: readonly string[]): Tensor => {
  const longest = Math.max(...all.map((word) => word.length));
  const padded = all.flatMap((word) => [...idsOf(word), ...new Array<number>(longest - word.length).fill(PAD)]);
  return tensor(Int32Array.from(padded), { shape: [all.length, longest] });
};
const textOf = (tokens: readonly number[]) => tokens.map((token) => to[token]).join('');

/**
 * The file's search keeps four living words beside those that ended, and stops at the fourth that did. Ours lets a word that ends take one of the four places
 * of its step, and goes on while a longer one may be likelier: of two words it finds others behind the best.
 */
const others: Record<string, [string, number][]> = {
  القاهرة: [['qahra', -2.03974], ['qahira', -2.71343], ['qahara', -2.73846], ['qahraha', -2.97028]], // biome-ignore format: one line
  دمشق: [['demshk', -3.01797], ['demshak', -3.09589], ['demschik', -3.26721], ['demschak', -3.42505]], // biome-ignore format: one line
};

describe('a trained translator', () => {
  it('has the memory and the probabilities of the file', () => {
    const ids = file.get('test.source_ids') as Tensor;
    const source = tensor(ids.toArray(), { shape: [1, ids.size] });
    const { weights, logits } = model.look(source, tensor(Int32Array.from([...'atzmon'].map((letter) => to.indexOf(letter)).concat(END)), { shape: [1, 7] })); // biome-ignore format: one line
    const near = (got: Tensor, wanted: Tensor) => {
      expect(got.size).toBe(wanted.size);
      const values = wanted.toArray();
      got.toArray().forEach((x, i) => {
        expect(Math.abs(x - (values[i] as number))).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(values[i] as number)));
      });
    };
    near(logSoftmax(logits), file.get('test.log_probs') as Tensor);
    expect(weights.encoder.map(({ shape }) => shape)).toEqual(new Array(6).fill([1, 8, 6, 6]));
    expect(weights.decoder.map(({ cross }) => cross.shape)).toEqual(new Array(6).fill([1, 8, 7, 6]));
  });

  it('writes its words greedily, alone and in a batch', () => {
    const { tokens, scores } = model.translate(batch(words));
    expect(tokens.map(textOf)).toEqual(words.map((word) => golden[word]?.greedy));
    words.forEach((word, i) => {
      expect(scores[i]).toBeCloseTo(golden[word]?.logprob as number, 4);
      expect(model.translate(batch([word]))).toMatchObject({ tokens: [tokens[i]], scores: [scores[i]] });
    });
  });

  it('writes its words with a beam of four, with their summed log-probabilities', () => {
    const { hypotheses } = model.translate(batch(words), { beam: 4, nBest: 4 });
    words.forEach((word, i) => {
      const wanted = golden[word]?.beam4_sum_logprob ?? [];
      const found = hypotheses[i]?.map(({ tokens, logProbability }) => [textOf(tokens), logProbability] as const) ?? [];
      const known = others[word] ?? wanted;
      expect(found.map(([text]) => text)).toEqual(known.map(([text]) => text));
      for (const [k, [, logProbability]] of found.entries()) expect(logProbability).toBeCloseTo(known[k]?.[1] as number, 4);
    });
  });

  it('gives every word of the file its log-probability', () => {
    for (const word of words) {
      for (const [text, logProbability] of golden[word]?.beam4_sum_logprob ?? []) {
        const target = tensor(Int32Array.from([...text].map((letter) => to.indexOf(letter)).concat(END)), { shape: [1, text.length + 1] });
        const logits = model.forward(batch([word]), target);
        expect(sum(pick(logSoftmax(logits), target)).item(), text).toBeCloseTo(logProbability, 4);
      }
    }
  });

  it('is taught what it writes: the same bits all at once as step by step, and the same alignment', () => {
    const { hypotheses, weights } = model.translate(batch(words));
    hypotheses.forEach(([found], i) => {
      const source = batch([words[i] as string]);
      const target = tensor(Int32Array.from([...(found?.tokens ?? []), END]), { shape: [1, (found?.tokens.length ?? 0) + 1] });
      const taught = model.teach(source, target);
      const length = found?.tokens.length ?? 0;
      const drawn = slice(slice(slice(weights as Tensor, 0, i, i + 1), 2, 0, length), 3, 0, source.size);
      expect(bits(drawn)).toEqual(bits(slice(taught.weights as Tensor, 2, 0, length)));
    });
  });

  it('goes on from a prefix, writes event by event, and in company', async () => {
    const prefix = [...'ats'].map((letter) => to.indexOf(letter));
    expect(textOf(model.translate(batch(['آتزمون']), { prefix }).tokens[0] ?? [])).toMatch(/^ats/);
    const written: number[] = [];
    for await (const { tokens } of model.generate(batch(['آتزمون']))) if (typeof tokens[0] === 'number') written.push(tokens[0]);
    expect(textOf(written)).toBe('atzmon');
    const source = model.read(batch(['آتزمون']));
    const options = { batch: 1, start: START, end: END, never: model.never, maxLength: 20, beam: 4 };
    const [both] = beamSearch(ensemble([model, model]), { each: [source, source] }, options);
    const [one] = beamSearch(model, source, options);
    expect(both?.[0]?.tokens).toEqual(one?.[0]?.tokens);
  });

  it('is saved under the names of its file, to the same tensors', () => {
    const saved = names.save(model.stateDict(), file);
    expect([...saved.keys()]).toEqual([...file.keys()]);
    for (const [name, x] of saved) expect(bits(x)).toEqual(bits(file.get(name) as Tensor));
  });
});
