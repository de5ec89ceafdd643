// Models that write step by step, as two graphs: what the second gives goes into it again, as often as wanted.
import { describe, expect, it } from 'vitest';
import { type Attention, causal, Heads, MultiHead } from '../../../src/attention/index.ts';
import { PointerNetwork, TransformerDecoder } from '../../../src/models/index.ts';
import type { State } from '../../../src/nn/index.ts';
import { decoderToOnnx, type OnnxDecoder, type OnnxInput, stepsToOnnx } from '../../../src/onnx/index.ts';
import { leavesOf } from '../../../src/onnx/run.ts';
import { argmax } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import { key } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { translators } from '../../models/table.ts';
import { given, valuesOf } from '../values.ts';
import { expectAgreement } from './agree.ts';
import { outputsOf } from './session.ts';
void causal; void Heads; void MultiHead; void expect; void tensor; void valuesOf; void stepsToOnnx;
void ({} as Attention);

const source: OnnxInput = { shape: ['batch', 'time'], dtype: 'int32', below: 7, from: 1 };

/** Four steps, each from the token that the step before found likeliest. */
async function expectSteps<Kept extends State, S extends State>(
  { begin, step }: { begin: Uint8Array; step: Uint8Array },
  model: OnnxDecoder<Kept, S>,
  inputs: Readonly<Record<string, Tensor>>,
  kept: Kept,
): Promise<void> {
  let state = model.initialState(kept);
  await expectAgreement(begin, inputs, Object.fromEntries(leavesOf({ kept, state })));
  let carried = await outputsOf(begin, inputs);
  let tokens = tensor(new Int32Array(inputs[Object.keys(inputs)[0] as string]?.shape[0] as number).fill(1));
  for (let t = 0; t < 4; t++) {
    const { logits, trace, state: next } = model.step(tokens, kept, state);
    const fed = { tokens, ...carried };
    await expectAgreement(step, fed, { logits, ...(trace && { weights: trace }), ...Object.fromEntries(leavesOf(next, 'next')) });
    const after = Object.entries(await outputsOf(step, fed)).map(([name, x]) => [name.replace(/^next\./, 'state.'), x] as const);
    carried = { ...Object.fromEntries(Object.entries(carried).filter(([name]) => name.startsWith('kept.'))), ...Object.fromEntries(after.filter(([name]) => name.startsWith('state.'))) };
    tokens = argmax(logits, { axis: 1 });
    state = next;
  }
}

describe('models that read a source and write token by token', () => {
  it.each(translators.map((row) => [row.name, row] as const))('%s', async (_, { build }) => {
    const model = build(key(3)) as unknown as OnnxDecoder<State, State> & { read(x: Tensor): State };
    const graphs = decoderToOnnx(model, { inputs: { source }, read: (x) => model.read(x.source), module: model as never });
    for (const lengths of [{ batch: 1, time: 11 }, { batch: 4, time: 6 }]) {
      const inputs = given({ source }, lengths);
      await expectSteps(graphs, model, inputs, model.read(inputs.source as Tensor));
    }
  });
});
void PointerNetwork; void TransformerDecoder;
