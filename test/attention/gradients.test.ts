// The gradients of every mechanism; those to its parameters are checked in test/nn/modules.test.ts.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real } from '../nn/row.ts';
import { masks } from './masks.ts';
import { build, keyed, keysOf, mechanisms, results } from './mechanisms.ts';
import { B, BATCH, inputs, S, T } from './table.ts';

describe.each(mechanisms.map((row) => [row.name, row] as const))('%s', (_, row) => {
  if (row.learns?.as !== 'biased')
    it('has the gradients that central differences say', () => {
      for (const masked of masks) {
        for (const from of keysOf(row)) {
          gradcheck((query, keys, values) => {
            const mask = masked.mask && { mask: masked.mask(BATCH) };
            return results(build(row).forward(query, keys, values, { ...mask, ...keyed(from) }));
          }, inputs(row));
        }
      }
    });

  it('has gradients, for every parameter that can learn', () => {
    for (const from of keysOf(row)) {
      const mechanism = build(row);
      const xs = inputs(row).map(parameter) as [Tensor, Tensor, Tensor];
      const y = results(mechanism.forward(...xs, keyed(from)));
      const parameters = [...mechanism.stateDict()];
      const gradients = grad(y, [...xs, ...parameters.map(([, x]) => x)], { gradient: real(BATCH, [y.size / B], 4) });
      gradients.forEach((g, i) => {
        const name = ['query', 'keys', 'values', ...parameters.map(([path]) => path)][i] as string;
        expect(list(g).every(Number.isFinite), name).toBe(true);
        const cannot = row.learns?.not && (name.startsWith(row.learns.not) || name === 'query' || name === 'keys');
        const unread = (name === 'values' && row.output === S) || (name === 'keys' && /location$/.test(row.name));
        expect(
          list(g).some((x) => x !== 0),
          name,
        ).toBe(!cannot && !unread);
      });
    }
  });

  it('looks at nothing where there is nothing: weights, output and gradients are 0', () => {
    for (const from of keysOf(row)) {
      for (const mask of [zeros([B, S], 'bool'), zeros([B, T, S], 'bool')]) {
        const mechanism = build(row);
        const xs = inputs(row).map(parameter) as [Tensor, Tensor, Tensor];
        const attended = mechanism.forward(...xs, { mask, ...keyed(from) });
        const bias = mechanism.stateDict().get('out_proj.bias');
        if (!bias) expect(list(attended.output).every((x) => x === 0)).toBe(true);
        else expect(list(attended.output)).toEqual(Array.from({ length: B * T }, () => list(bias)).flat()); // what heads read is 0
        const y = results(attended);
        expect(list(attended.weights).every((x) => x === 0)).toBe(true);
        if (!y.requiresGrad) continue;
        const learned = [...mechanism.stateDict()].filter(([path]) => path !== 'out_proj.bias').map(([, x]) => x);
        for (const g of grad(y, [...xs, ...learned], { gradient: real(BATCH, [y.size / B], 4) }))
          expect(list(g).every((x) => x === 0)).toBe(true);
      }
    }
  });
});
