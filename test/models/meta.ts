// Rows of the module table: learners that are sequence models.
import { AttentionBlock } from '../../src/models/meta/attention-block.ts';
import { DenseBlock } from '../../src/models/meta/dense-block.ts';
import { Snail } from '../../src/models/meta/snail.ts';
import { TCBlock } from '../../src/models/meta/tc-block.ts';
import { beside, type ModuleRow, real, row } from '../nn/row.ts';

const T = 5;
const layers = [{ key: 2, value: 3 }, { length: 5, filters: 2 }, { key: 3, value: 2 }] as const; // biome-ignore format: one line

export const metaRows: ModuleRow[] = [
  ...[1, 2, 7].map((dilation) =>
    row({
      module: 'DenseBlock',
      name: `dilation ${dilation}`,
      build: (key) => new DenseBlock({ input: 3, filters: 2, dilation, norm: dilation === 2 }, key),
      constant: ['Norm.weight', 'Norm.bias'],
      call: (block, examples) => block.forward(real(examples, [T, 3], 1)),
    }),
  ),
  row({
    module: 'TCBlock',
    build: (key) => new TCBlock({ input: 3, length: T, filters: 2 }, key),
    call: (block, examples) => block.forward(real(examples, [T, 3], 1)),
  }),
  row({
    module: 'AttentionBlock',
    build: (key) => new AttentionBlock({ input: 3, key: 4, value: 2 }, key),
    call: (block, examples) => {
      const { output, weights } = block.forward(real(examples, [T, 3], 1), { weights: true });
      return beside(output, ...(weights ? [weights] : []));
    },
  }),
  row({
    module: 'Snail',
    build: (key) => new Snail({ input: 3, output: 2, layers, value: true }, key),
    call: (model, examples) => {
      const { output, value, weights = [] } = model.forward(real(examples, [T, 3], 1), { weights: true });
      return beside(output, ...(value ? [value] : []), ...weights);
    },
  }),
  row({
    module: 'Snail',
    name: 'norm',
    build: (key) => new Snail({ input: 3, output: 2, layers, norm: true }, key),
    constant: ['Norm.weight', 'Norm.bias'],
    call: (model, examples) => model.forward(real(examples, [T, 3], 1)).output,
  }),
];
