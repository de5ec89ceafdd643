import { LocalPredictive } from '../../src/attention/local.ts';
import { CombinedWindow, everywhere } from '../../src/attention/window.ts';
import type { Key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type ModuleRow, padding, real, row } from '../nn/row.ts';
import { mechanisms, results } from './mechanisms.ts';
import { inputs, named, S, seenBy, T, widths } from './table.ts';

/** Parameters whose initial value does not depend on the key. */
const constant = ['gain', 'offset', 'in_proj_bias', 'out_proj.bias'];

/** Rows of the module table: every score alone, windows with parameters, and every mechanism over a padded source. */
export const attending: ModuleRow[] = [
  ...named.map(([name, spec]) => {
    const make = (from: Key) => spec.build(widths(spec), from);
    const kind = make({ hi: 0, lo: 0 });
    return row({
      module: kind.constructor.name,
      name,
      build: make,
      constant,
      call: (score, examples) => {
        const [query, keys] = inputs(spec, examples);
        const one = spec.reads ? real(examples, [1, widths(spec).query], 1) : query;
        return score.score(one, score.prepare(keys), seenBy(spec, examples));
      },
      ...(kind.stateDict().size === 0 && { fixed: true as const }),
    });
  }),
  row({
    module: 'LocalPredictive',
    build: (key) => new LocalPredictive({ query: 6, hidden: 3, size: 2 }, key),
    call: (window, examples) => {
      const context = { query: real(examples, [T, 6], 1), mask: undefined, state: {} };
      return window.limit(real(examples, [T, S], 2), context).factor as Tensor;
    },
  }),
  row({
    module: 'CombinedWindow',
    build: (key) => new CombinedWindow(new LocalPredictive({ query: 6, hidden: 3, size: 2 }, key), everywhere),
    call: (window, examples) => {
      const context = { query: real(examples, [T, 6], 1), mask: undefined, state: {} };
      return window.limit(real(examples, [T, S], 2), context).factor as Tensor;
    },
  }),
  ...mechanisms
    .filter(({ learns }) => !learns)
    .map((spec) =>
      row({
        module: spec.heads ? 'MultiHead' : 'Attention',
        name: spec.name,
        build: (from: Key) => spec.build(widths(spec), from),
        constant,
        call: (mechanism, examples, key) =>
          results(mechanism.forward(...inputs(spec, examples), { mask: padding(examples, S), ...(key && { key }) })),
        ...(spec.build(widths(spec), { hi: 0, lo: 0 }).stateDict().size === 0 && { fixed: true as const }),
        ...(spec.draws && { dropout: true as const }),
      }),
    ),
];
