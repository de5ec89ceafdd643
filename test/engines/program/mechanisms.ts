import { grad } from '../../../src/autograd/backward.ts';
import { parameter } from '../../../src/autograd/parameter.ts';
import { uniform } from '../../../src/ops/index.ts';
import { key } from '../../../src/tensor/random.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { build, keyed, keysOf, mechanisms, results } from '../../attention/mechanisms.ts';
import { inputs, padded } from '../../attention/table.ts';
import type { Digest } from './digest.ts';

/** Every attention mechanism over a padded source, forward and backward, with draws and without. */
export function attention(part: (name: string) => Digest): void {
  for (const row of mechanisms) {
    const digest = part(`attention ${row.name}`);
    for (const from of keysOf(row)) {
      scope(() => {
        const mechanism = build(row);
        const xs = inputs(row).map(parameter) as ReturnType<typeof inputs>;
        const attended = mechanism.forward(...xs, { mask: padded(), ...keyed(from) });
        for (const x of Object.values(attended)) digest.elements(x.toArray());
        const y = results(attended);
        const gradient = uniform(key(5), y.shape, { low: -1, high: 1 });
        for (const g of grad(y, [...xs, ...mechanism.stateDict().values()], { gradient })) digest.elements(g.toArray());
      });
    }
  }
}
