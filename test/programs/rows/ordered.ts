// Order along an axis, spread, powers, and sums by Einstein's letters.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { alongAxis, get, indices, make, type Plain, reduceAxis } from '../plain.ts';
import type { Slot } from '../program.ts';
import { picking } from './along.ts';
import { broadcasting, operand, plain } from './elementwise.ts';

/** A row in order, the first of equals first; gives up where float32 may see another order. */
function sorted(d: Draw, row: readonly n.Node[], descending: boolean): n.Node[] {
  const order = row.toSorted((a, b) => (descending ? b.value - a.value : a.value - b.value));
  order.forEach((x, i) => {
    if (i > 0) d.apart(x, order[i - 1] as n.Node);
  });
  return order;
}

const sorting = (op: 'sort' | 'argsort'): Row => ({
  op,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const [axis, descending] = [d.axis(x), d.flag()];
    const result = alongAxis(x, axis, (row) => {
      const order = sorted(d, row, descending);
      return op === 'sort' ? order : order.map((each) => n.constant(row.indexOf(each)));
    });
    d.call(op, [x, { axis: d.signed(axis, x.shape.length), descending }], result, { dtype: op === 'sort' ? 'float32' : 'int32' });
  },
});

const topk: Row = {
  op: 'topk',
  weight: 2,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const [axis, largest] = [d.axis(x), d.flag()];
    const k = d.int((x.shape[axis] as number) + 1);
    const result = alongAxis(x, axis, (row) => sorted(d, row, largest).slice(0, k));
    const shape = x.shape.with(axis, k);
    d.calls('topk', [x, k, { axis: d.signed(axis, x.shape.length), largest }], [{ shape, nodes: result.nodes }], ['values']);
  },
};

const spread = (row: readonly n.Node[], correction: number) => {
  const mean = n.scale(n.sum(row), 1 / row.length);
  const off = row.map((x) => n.sub(x, mean));
  return n.scale(n.dot(off, off), 1 / (row.length - correction));
};

const spreading = (op: 'variance' | 'std'): Row => ({
  op,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const [axis, correction] = [d.axis(x), d.int(2)];
    d.need((x.shape[axis] as number) > correction);
    const result = reduceAxis(x, axis, (row) => {
      const value = spread(row, correction);
      if (op === 'variance') return value;
      d.need(value.value >= 0.0625);
      return n.sqrt(value);
    });
    d.call(op, [x, { axis: d.signed(axis, x.shape.length), correction }], result);
  },
});

const EQUATIONS = ['ij,jk->ki', 'ij,ij->i', 'ij->j', 'ij,i,kj->ik', 'i,j->ji', 'ij,kj->', 'ij,jk,k->i'];

/** By definition: a sum over every letter that the result lacks of the product of all operands. */
function summed(equation: string, operands: readonly Plain[]): Plain {
  const [left = '', result = ''] = equation.split('->');
  const terms = left.split(',');
  const length = (letter: string) => {
    const at = terms.findIndex((term) => term.includes(letter));
    return operands[at]?.shape[(terms[at] as string).indexOf(letter)] as number;
  };
  const inner = [...new Set(left.replaceAll(',', ''))].filter((letter) => !result.includes(letter));
  return make([...result].map(length), (index) =>
    n.sum(
      indices(inner.map(length)).map((rest) => {
        const place = (letter: string) => (result.includes(letter) ? index[result.indexOf(letter)] : rest[inner.indexOf(letter)]) as number;
        return terms.map((term, i) => get(operands[i] as Plain, [...term].map(place))).reduce(n.mul);
      }),
    ),
  );
}

const einsum: Row = {
  op: 'einsum',
  weight: 2,
  draw: (d) => {
    const equation = d.pick(EQUATIONS);
    const terms = (equation.split('->')[0] as string).split(',');
    const lengths = new Map<string, number>();
    const operands = terms.map((term, i): Slot => {
      const x = i === 0 ? d.ranked(term.length) : d.like([...term].map((letter) => lengths.get(letter) ?? 1 + d.int(3)));
      [...term].forEach((letter, k) => {
        lengths.set(letter, x.shape[k] as number);
      });
      return x;
    });
    d.call('einsum', [equation, ...operands], summed(equation, operands));
  },
};

const smallest = (row: readonly n.Node[]) => row.map((x) => n.neg(x));

/** `e^(b ln a)`, a well above 0. */
const power: Row = {
  op: 'pow',
  weight: 2,
  draw: (d) => {
    const x = d.float(
      (slot) => slot.nodes.every(({ value }) => value >= 0.25),
      () => d.shape(),
      [0.25, 2.25],
    );
    const y = operand(d, x);
    const [a, b] = typeof y === 'number' && y > 0 && d.flag() ? [y, x] : [x, y];
    const result = broadcasting(d, plain(a), plain(b), (p, q) => n.exp(n.mul(q, n.log(p))));
    d.call('pow', [a, b], result);
  },
};

export const ordered: readonly Row[] = [
  picking('min', (row, at) => row[at] as n.Node, 'float32', smallest),
  picking('argmin', (_, at) => n.constant(at), 'int32', smallest),
  sorting('sort'),
  sorting('argsort'),
  topk,
  spreading('variance'),
  spreading('std'),
  power,
  einsum,
];
