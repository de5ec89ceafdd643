import { einsum } from '../../../src/ops/index.ts';
import { at, indices, make, type Plain, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

/** By definition: for each index of the result the sum over all letters it lacks of the product of all operands. */
function sumOf(equation: string, ...operands: Plain[]): Plain {
  const [left = '', result = ''] = equation.split('->');
  const terms = left.split(',');
  const lengths = new Map(terms.flatMap((term, i) => [...term].map((letter, k) => [letter, operands[i]?.shape[k] as number] as const)));
  const summed = [...lengths.keys()].filter((letter) => !result.includes(letter));
  const length = (letter: string) => lengths.get(letter) as number;
  return make([...result].map(length), (index) => {
    const product = (inner: readonly number[]) => {
      const value = (letter: string) => (result.includes(letter) ? index[result.indexOf(letter)] : inner[summed.indexOf(letter)]) as number;
      return terms.reduce((p, term, i) => p * at(operands[i] as Plain, [...term].map(value)), 1);
    };
    return total(indices(summed.map(length)).map(product));
  });
}

const row = (equation: string, ...shapes: number[][]): OpRow => ({
  op: 'einsum',
  name: equation,
  f: (...xs) => einsum(equation, ...xs),
  inputs: shapes.map((shape) => ({ shape })),
  value: (...xs) => sumOf(equation, ...xs),
});

export const einsums: OpRow[] = [
  row('ij,jk->ik', [2, 3], [3, 4]),
  row('bij,bjk->bik', [2, 3, 4], [2, 4, 2]),
  row('ij->ji', [2, 3]),
  row('ijk->j', [2, 3, 4]),
  row('ij->', [2, 3]),
  row('i,j->ij', [3], [4]),
  row('i,i->', [3], [3]),
  row('ij,ij->ij', [2, 3], [2, 3]),
  row('ij,j->i', [2, 3], [3]),
  row('bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]),
  row('ia,b->ab', [2, 3], [4]),
  row('ij,jk,kl->il', [2, 3], [3, 4], [4, 2]),
  row('ijb,jkb,b->bki', [2, 3, 2], [3, 4, 2], [2]),
  row('ij,->ji', [2, 3], []),
  {
    op: 'einsum',
    name: 'the result left open',
    f: (a, b) => einsum('kj, ji', a as never, b as never),
    inputs: [{ shape: [2, 3] }, { shape: [3, 4] }],
    value: (a, b) => sumOf('kj,ji->ik', a as Plain, b as Plain),
  },
];
