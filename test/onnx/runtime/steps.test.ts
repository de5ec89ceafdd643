// Models that write step by step, as two graphs: what the second gives goes into it again, as often as wanted.
import { describe, it } from 'vitest';
import { KeyValueCache } from '../../../src/attention/cache.ts';
import {
  everyItemOnce,
  GrammarParser,
  LanguageModel,
  type LanguageModelCache,
  PointerNetwork,
  type PointerSource,
  type PointerState,
  ShowAttendTell,
  TransformerDecoder,
  type TransformerSource,
  type TransformerState,
} from '../../../src/models/index.ts';
import { freeze, type State } from '../../../src/nn/index.ts';
import { decoderToOnnx, type OnnxDecoder, type OnnxInput, stepsToOnnx } from '../../../src/onnx/index.ts';
import { isHolder } from '../../../src/onnx/run.ts';
import { argmax } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { key } from '../../../src/tensor/random.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { translators } from '../../models/table.ts';
import { languageModels } from '../models.ts';
import { given, valuesOf } from '../values.ts';
import { expectAgreement } from './agree.ts';
import { outputsOf } from './session.ts';

const source: OnnxInput = { shape: ['batch', 'time'], dtype: 'int32', below: 7, from: 1 };

/** What a step's state holds, by path: of a cache its rows, if there are any. */
function leaves(part: unknown, path: string): [string, Tensor][] {
  if (part instanceof Tensor) return part.size > 0 ? [[path, part]] : [];
  const named = isHolder(part) ? [...part.stateDict()].filter(([name]) => !/lengths$/.test(name)) : Object.entries(part as object);
  return named.flatMap(([name, one]) => leaves(one, `${path}.${name}`));
}

/** What the step after the next reads of what begin and step gave. */
function carriedOn(before: Readonly<Record<string, Tensor>>, after: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const kept = Object.entries(before).filter(([name]) => name.startsWith('kept.'));
  const next = Object.entries(after).filter(([name]) => name.startsWith('next.'));
  return Object.fromEntries([...kept, ...next.map(([name, x]) => [name.replace('next.', 'state.'), x] as const)]);
}

/** Four steps, each from the token that the step before found likeliest. */
async function expectSteps<Kept extends State, S extends State>(
  { begin, step }: { begin: Uint8Array; step: Uint8Array },
  model: OnnxDecoder<Kept, S>,
  inputs: Readonly<Record<string, Tensor>>,
  kept: Kept,
): Promise<void> {
  let state = model.initialState(kept);
  await expectAgreement(begin, inputs, Object.fromEntries([...leaves(kept, 'kept'), ...leaves(state, 'state')]));
  let carried = await outputsOf(begin, inputs);
  let tokens = tensor(new Int32Array(Object.values(inputs)[0]?.shape[0] as number).fill(1));
  for (let t = 0; t < 4; t++) {
    const { logits, trace, state: next } = model.step(tokens, kept, state);
    const fed = { tokens, ...carried };
    await expectAgreement(step, fed, { logits, ...(trace && { weights: trace }), ...Object.fromEntries(leaves(next, 'next')) });
    carried = carriedOn(carried, await outputsOf(step, fed));
    tokens = argmax(logits, { axis: 1 });
    state = next;
  }
}

describe('models that read a source and write token by token', () => {
  it.each(translators.map((row) => [row.name, row] as const))('%s', async (_, { build }) => {
    const model = build(key(3)) as unknown as OnnxDecoder<State, State> & { read(x: Tensor): State };
    const graphs = decoderToOnnx(model, { inputs: { source }, read: (x) => model.read(x.source), module: model as never });
    for (const lengths of [
      { batch: 1, time: 11 },
      { batch: 4, time: 6 },
    ]) {
      const inputs = given({ source }, lengths);
      await expectSteps(graphs, model, inputs, model.read(inputs.source as Tensor));
    }
  });
});

describe('a parser of grammar', () => {
  it.each(['additive', 'general', 'none'] as const)('%s', async (score) => {
    const parser = new GrammarParser({ words: 7, labels: ['S', 'NP'], hidden: 5, embedding: 4, score }, key(6));
    const words = { ...source, from: 3 };
    const graphs = decoderToOnnx(parser, { inputs: { words }, read: (x) => parser.read(x.words), module: parser });
    for (const lengths of [
      { batch: 1, time: 11 },
      { batch: 4, time: 6 },
    ]) {
      const inputs = given({ words }, lengths);
      await expectSteps(graphs, parser, inputs, parser.read(inputs.words as Tensor));
    }
  });
});

describe('captions of annotated images', () => {
  it.each(['soft', 'hard'] as const)('%s', async (selection) => {
    const model = new ShowAttendTell({ symbols: 9, features: 4, cells: 6, hidden: 8, embedding: 5, selection }, key(8));
    const ports: Record<string, OnnxInput> = { annotations: { shape: ['batch', 6, 4] } };
    const read = (x: Readonly<Record<string, Tensor>>) => model.read(x.annotations as Tensor);
    const graphs = decoderToOnnx(model, { inputs: ports, read, module: model });
    for (const batch of [1, 4]) {
      const inputs = given(ports, { batch });
      await expectSteps(graphs, model, inputs, read(inputs));
    }
  });
});

describe('a pointer network', () => {
  it.each([['any item', undefined] as const, ['each once', everyItemOnce] as const])('%s', async (_, constraint) => {
    const model = new PointerNetwork({ input: 2, hidden: 6 }, key(7));
    const decoder = {
      initialState: (read: PointerSource) => model.initialState(read),
      step: (tokens: Tensor, read: PointerSource, state: PointerState) => model.step(tokens, read, state, constraint ? { constraint } : {}),
    };
    const ports: Record<string, OnnxInput> = {
      items: { shape: ['batch', 'items', 2] },
      mask: { shape: ['batch', 'items'], dtype: 'bool' },
    };
    const read = (x: Readonly<Record<string, Tensor>>) => model.read(x.items as Tensor, { mask: x.mask as Tensor });
    const graphs = decoderToOnnx(decoder, { inputs: ports, read, module: model });
    for (const lengths of [
      { batch: 1, items: 11 },
      { batch: 4, items: 6 },
    ]) {
      const inputs = given(ports, lengths);
      await expectSteps(graphs, decoder, inputs, read(inputs));
    }
  });
});

describe('caches', () => {
  it('are tensors of as many rows as there are tokens, none at first', async () => {
    const model = new TransformerDecoder({ size: 8, heads: 2, keyHeads: 1, layers: 2, hidden: 12, normFirst: true }, key(4));
    const inputs = { begin: { source: { shape: ['batch', 'time', 8] } }, step: { x: { shape: ['batch', 'count', 8] } } } as const;
    const { begin, step } = stepsToOnnx(
      {
        inputs,
        begin: ({ source: x }) => ({
          kept: model.prepare(x),
          state: { layers: [0, 1].map(() => KeyValueCache.empty(x.shape[0] as number)) },
        }),
        step: ({ x }, kept: TransformerSource, state: TransformerState) => model.extend(x, kept, state),
      },
      { module: model },
    );
    for (const [batch, time] of [
      [1, 11],
      [3, 4],
    ] as const) {
      const x = valuesOf({ shape: ['batch', 'time', 8] }, { batch, time }, 1);
      let carried = await outputsOf(begin, { source: x });
      const kept = model.prepare(x);
      let state: TransformerState | undefined;
      for (const count of [3, 1, 1, 5]) {
        const next = valuesOf({ shape: ['batch', 'count', 8] }, { batch, count }, count);
        const { output, state: after } = model.extend(next, kept, state);
        const fed = { x: next, ...carried };
        await expectAgreement(step, fed, { output, ...Object.fromEntries(leaves(after, 'next')) });
        carried = carriedOn(carried, await outputsOf(step, fed));
        state = after;
      }
    }
  });
});

describe('a language model', () => {
  it.each(languageModels)('%s', async (_, options) => {
    const model = new LanguageModel({ symbols: 30, size: 8, heads: 2, layers: 2, length: 40, ...options }, key(5));
    if (options.tied) freeze(model); // whether a gradient could pass says nothing of the graph
    const port = { shape: ['batch', 'time'], dtype: 'int32', below: 30 } as const;
    const { begin, step } = stepsToOnnx(
      {
        inputs: { begin: { prompt: port }, step: { tokens: { ...port, shape: ['batch', 'count'] } } },
        begin: ({ prompt }) => {
          const { logits, cache } = model.forward(prompt, { cache: true });
          return { logits, state: { cache } };
        },
        step: ({ tokens }, _kept, state: { cache: LanguageModelCache }) => {
          const { logits, cache } = model.forward(tokens, { cache: state.cache });
          return { logits, state: { cache } };
        },
      },
      { module: model },
    );
    const prompt = valuesOf(port, { batch: 3, time: 6 }, 1);
    let { logits, cache } = model.forward(prompt, { cache: true });
    let carried = await outputsOf(begin, { prompt });
    await expectAgreement(begin, { prompt }, { logits, ...Object.fromEntries(leaves(cache, 'state.cache')) });
    carried = Object.fromEntries(Object.entries(carried).filter(([name]) => name.startsWith('state.')));
    for (const count of [1, 4, 1]) {
      const tokens = valuesOf(port, { batch: 3, time: count }, count + 1);
      ({ logits, cache } = model.forward(tokens, { cache }));
      const fed = { tokens, ...carried };
      await expectAgreement(step, fed, { logits, ...Object.fromEntries(leaves(cache, 'next.cache')) });
      carried = carriedOn(carried, await outputsOf(step, fed));
    }
  });
});
