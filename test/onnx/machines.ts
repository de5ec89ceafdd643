// Memories, tapes and learners of episodes as graphs.
import {
  addressMemory,
  allocationWeights,
  followLinks,
  linkMemory,
  MemoryHeads,
  memoryUsage,
  readMemory,
  writeMemory,
} from '../../src/memory/index.ts';
import { ConvEmbedding, PrototypicalNetwork, SnailClassifier, TapeMachine } from '../../src/models/index.ts';
import { Linear } from '../../src/nn/index.ts';
import { add, select, sigmoid, slice, softmax } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { given, type ModelRow, real, row, tokens } from './model-row.ts';

/** Episodes of an example of each of three classes. */
const embedding = new ConvEmbedding({ side: 8, width: 4 }, key(6));
const episodes = {
  support: real('batch', 3, 8, 8),
  query: real('batch', 'time', 8, 8),
  first: { shape: ['batch', 3], dtype: 'int32', below: 1 } as const,
};
const episodesOf = (inputs: Readonly<Record<string, Tensor>>) => ({
  support: given(inputs, 'support'),
  query: given(inputs, 'query'),
  labels: add(given(inputs, 'first'), tensor(Int32Array.of(0, 1, 2))),
});

/** Rows of the table of models. */
export const machines: ModelRow[] = [
  row('MemoryHeads, its stages', {
    module: new MemoryHeads({ input: 3, width: 4, reads: 1, writes: 1 }, key(6)),
    inputs: { x: real('batch', 3), memory: real('batch', 5, 4), scores: real('batch', 2, 5) },
    call: (heads, inputs) => {
      const said = heads.forward(given(inputs, 'x'));
      const weights = addressMemory(given(inputs, 'memory'), softmax(given(inputs, 'scores')), said);
      const read = readMemory(given(inputs, 'memory'), slice(weights, 1, 0, 1));
      return { weights, read, next: writeMemory(given(inputs, 'memory'), slice(weights, 1, 1), said.erase, said.addition) };
    },
  }),
  row('Linear, usage and links of a memory', {
    module: new Linear({ input: 5, output: 5 }, key(6)),
    inputs: {
      before: real('batch', 5),
      written: real('batch', 1, 5),
      read: real('batch', 2, 5),
      free: real('batch', 2),
      links: real('batch', 5, 5),
    },
    call: (map, inputs) => {
      const before = softmax(map.forward(given(inputs, 'before')));
      const [written, read] = [softmax(given(inputs, 'written')), softmax(given(inputs, 'read'))];
      const usage = memoryUsage(before, { written, read, free: sigmoid(given(inputs, 'free')) });
      const { links, precedence } = linkMemory({ links: given(inputs, 'links'), precedence: before }, select(written, 1, 0));
      return { usage, allocation: allocationWeights(usage), precedence, ...followLinks(links, read) };
    },
  }),
  row('TapeMachine, runs of four steps', {
    module: new TapeMachine({ symbols: 6, hidden: 5, cells: 7, reach: 1 }, key(6)),
    inputs: { input: tokens(6) },
    call: (machine, inputs) => {
      const { output, moves, places } = machine.run(given(inputs, 'input'), { steps: 4 });
      return { output, moves, places };
    },
  }),
  row('PrototypicalNetwork', {
    module: new PrototypicalNetwork({ embedding }),
    inputs: episodes,
    call: (model, inputs) => ({ ...model.forward(episodesOf(inputs), { classes: 3 }) }),
  }),
  row('SnailClassifier', {
    module: new SnailClassifier(
      {
        embedding,
        classes: 3,
        examples: 3,
        layers: [
          { key: 4, value: 4 },
          { length: 4, filters: 4 },
        ],
      },
      key(6),
    ),
    inputs: episodes,
    call: (model, inputs) => ({ logits: model.forward(episodesOf(inputs)).logits }),
  }),
];
