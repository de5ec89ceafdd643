// Rows of the module table: maps of heads, heads, and both together, with one head of keys for two of queries where possible.
import { Attention } from '../../src/attention/attention.ts';
import { HeadedAttention } from '../../src/attention/headed.ts';
import { Heads } from '../../src/attention/heads.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import { groupedMaps, PackedProjection, SeparateProjection } from '../../src/attention/projection.ts';
import { DotScore } from '../../src/attention/score.ts';
import { Linear } from '../../src/nn/linear.ts';
import { type Key, split } from '../../src/tensor/random.ts';
import { beside, type ModuleRow, padding, real, row } from '../nn/row.ts';
import { S, T } from './table.ts';

const grouped = { query: 6, key: 5, value: 4, heads: 2, keyHeads: 1, size: 6 };
const three = (key: Key) => split(key, 3);
const heads = () => new Heads({ attention: new Attention({ score: new DotScore({ scaled: true }), heads: 2 }), keyHeads: 1 });

export const projections: ModuleRow[] = [
  row({
    module: 'PackedProjection',
    build: (key) => new PackedProjection({ query: 6, key: 6, value: 6, heads: 2, size: 6 }, key),
    constant: ['in_proj_bias'],
    call: (module, examples) => {
      const x = real(examples, [T, 6], 1);
      return beside(...module.all(x, x, x));
    },
  }),
  row({
    module: 'SeparateProjection',
    build: (key) => new SeparateProjection({ query: 6, key: 5, value: 4, heads: 2, size: 6 }, three(key)),
    constant: ['in_proj_bias'],
    call: (module, examples) => beside(...module.all(real(examples, [T, 6], 1), real(examples, [S, 5], 2), real(examples, [S, 4], 3))),
  }),
  row({
    module: 'Maps',
    build: (key) => groupedMaps(grouped, three(key)),
    call: (module, examples) => beside(...module.all(real(examples, [T, 6], 1), real(examples, [S, 5], 2), real(examples, [S, 4], 3))),
  }),
  row({
    module: 'Heads',
    build: () => heads(),
    fixed: true,
    call: (module, examples) => {
      const [q, k, v] = [real(examples, [2, T, 3], 1), real(examples, [1, S, 3], 2), real(examples, [1, S, 2], 3)];
      const { output, weights } = module.forward(q, k, v, { mask: padding(examples, S) });
      return beside(output, weights);
    },
  }),
  row({
    module: 'MultiHead',
    name: 'grouped',
    build: (key) => new MultiHead({ query: 6, key: 5, value: 4, heads: 2, keyHeads: 1, output: 5, bias: false }, key),
    call: (module, examples) => {
      const mask = padding(examples, S);
      const { output, weights } = module.forward(real(examples, [T, 6], 1), real(examples, [S, 5], 2), real(examples, [S, 4], 3), { mask });
      return beside(output, weights);
    },
  }),
  row({
    module: 'HeadedAttention',
    build: (key) => {
      const projection = groupedMaps({ ...grouped, bias: false }, three(key)); // a bias of keys changes no softmax
      return new HeadedAttention({ projection, heads: heads(), output: new Linear({ input: 6, output: 5 }, key) });
    },
    call: (module, examples) => {
      const mask = padding(examples, S);
      const { output, weights } = module.forward(real(examples, [T, 6], 1), real(examples, [S, 5], 2), real(examples, [S, 4], 3), { mask });
      return beside(output, weights);
    },
  }),
];
