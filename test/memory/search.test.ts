// A memory is part of the state, so a search that drops, doubles and reorders hypotheses reorders their memories too.
import { expect, it } from 'vitest';
import { beamSearch, type Decoder } from '../../src/decode/index.ts';
import { type MachineState, NeuralTuringMachine } from '../../src/models/index.ts';
import { parameters } from '../../src/nn/module.ts';
import { add, logSoftmax, mul, oneHot } from '../../src/ops/index.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [SYMBOLS, END, BEAM] = [6, 1, 4];
const machine = new NeuralTuringMachine({ input: SYMBOLS, output: SYMBOLS, cells: 5, width: 4, hidden: 8 }, key(3));
for (const p of parameters(machine).values()) p.view().set(p.toArray().map((x) => 3 * x)); // far from its start

/** Says what the machine says, beside what a source prefers. */
const decoder: Decoder<{ liked: Tensor }, MachineState> = {
  initialState: ({ liked }) => machine.initialState(liked.shape[0] as number),
  step: (tokens, { liked }, state) => {
    const { output, state: next } = machine.step(oneHot(tokens, SYMBOLS), state);
    return { logits: add(mul(output, 2), liked), state: next };
  },
};

/** The log-probability of a sequence, written by one row alone. */
function alone(liked: readonly number[], tokens: readonly number[]): number {
  const source = { liked: tensor([liked]) };
  let [state, last, sum] = [decoder.initialState(source), 0, 0];
  for (const token of tokens) {
    const { logits, state: next } = decoder.step(full([1], last, 'int32'), source, state);
    sum += logSoftmax(logits).toArray()[token] as number;
    [state, last] = [next, token];
  }
  return sum;
}

it('hypotheses of a beam have the probabilities that rows alone have', () => {
  const liked = [[0, -2, 1, 0, 0.5, 0], [0, -3, 0, 1, 0, 1.5], [1, -2, 0, 0, 0, 0.5]]; // biome-ignore format: sources
  const found = beamSearch(decoder, { liked: tensor(liked) }, { batch: 3, start: 0, end: END, beam: BEAM, nBest: BEAM, maxLength: 12 });
  const all = found.flatMap((some, i) => some.map((one) => ({ ...one, liked: liked[i] as number[] })));
  expect(new Set(all.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(8);
  expect(new Set(all.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(2);
  for (const { tokens, ended, liked, logProbability } of all) {
    expect(alone(liked, ended ? [...tokens, END] : tokens)).toBeCloseTo(logProbability, 4);
  }
});
