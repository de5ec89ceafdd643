import { MemoryHeads } from '../../src/memory/heads.ts';
import { NeuralTuringMachine, type NeuralTuringMachineOptions } from '../../src/models/memory/neural-turing-machine.ts';
import { TapeMachine, type TapeMachineOptions } from '../../src/models/memory/tape-machine.ts';
import { softmax, stack } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { RecurrentBaseline } from '../../src/train/choice/recurrent-baseline.ts';
import { beside, real, row, sentences } from '../nn/row.ts';

/** Sizes of the machines of the tests. */
export const small = { input: 3, output: 2, cells: 5, width: 4, hidden: 6 };
export const [T, W, N] = [4, 4, 5];

const machines: Record<string, Partial<NeuralTuringMachineOptions>> = {
  '': {},
  'several heads, two LSTMs': { reads: 2, writes: 2, reach: 2, layers: 2, start: 'even' },
  'no LSTM': { controller: 'feedforward', reads: 2 },
  'learned contents': { contents: 'learned' },
};

/** Steps of the runs of tape machines. */
export const STEPS = 5;

/** Allowed moves of the head `i` that has so many ways: the input head never leaves a tape of 4, the output head writes 3 signs. */
export function movesOf(ways: number, i: number): number[] {
  if (i === 0) return ways === 3 ? [1, 1, 2, 1, 0] : [1, 0, 1, 1, 0];
  return ways === 3 ? [1, 2, 0, 2, 1] : [1, 0, 1, 0, 1];
}

const moves = (examples: readonly number[], ways: number, i: number) =>
  tensor(Int32Array.from(examples.flatMap(() => movesOf(ways, i))), { shape: [examples.length, STEPS] });

const tapes: Record<string, Partial<TapeMachineOptions>> = {
  '': {},
  'a memory tape, direct': { cells: 5, reach: 1, back: true },
  'a memory tape, through the LSTM': { cells: 5, reach: 1, direct: false },
};

/** The modules of `saccade/memory` and the models that have one. */
export const machineRows = [
  row({
    module: 'MemoryHeads',
    build: (key) => new MemoryHeads({ input: 6, width: W, reads: 2, reach: 2 }, key),
    call: (heads, examples) => {
      const { read, memory, weights } = heads.step(real(examples, [6], 1), real(examples, [N, W], 2), softmax(real(examples, [3, N], 3)));
      return beside(read, memory, weights);
    },
  }),
  ...Object.entries(machines).map(([name, options]) =>
    row({
      module: 'NeuralTuringMachine',
      ...(name ? { name } : {}),
      build: (key) => new NeuralTuringMachine({ ...small, ...options }, key),
      constant: ['weights'],
      call: (model, examples) => {
        const { output, readWeights, writeWeights } = model.forward(real(examples, [T, 3], 1));
        return beside(output, readWeights, writeWeights);
      },
    }),
  ),
  ...Object.entries(tapes).map(([name, options]) =>
    row({
      module: 'TapeMachine',
      ...(name ? { name } : {}),
      build: (key) => new TapeMachine({ symbols: 7, hidden: 6, slowdown: 1, ...options }, key),
      call: (machine, examples) => {
        const targets = sentences(examples, 3, 7, 2);
        const given = machine.choices.map((ways, head) => moves(examples, ways, head));
        const { output, logProbability, gains } = machine.run(sentences(examples, 4, 7, 1), {
          steps: STEPS,
          targets,
          moves: stack(given, 2),
        });
        return beside(output, logProbability, gains);
      },
    }),
  ),
  row({
    module: 'RecurrentBaseline',
    build: (key) => new RecurrentBaseline({ input: 3, hidden: 4 }, key),
    call: (baseline, examples) => baseline.forward(real(examples, [T, 3], 1)),
  }),
];
