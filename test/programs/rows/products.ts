// Sums of products: matrices, windows, convolution.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { agree, broadcast, get, type Index, make, type Plain, type Shape, sizeOf, without } from '../plain.ts';
import type { Slot } from '../program.ts';

const swapped = (shape: Shape): Shape => [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
const range = (length: number) => Array.from({ length }, (_, k) => k);

const matmul: Row = {
  op: 'matmul',
  weight: 3,
  draw: (d) => {
    const a = d.float((slot) => slot.shape.length >= 2);
    const [transposeA, transposeB] = [d.int(3) === 1, d.int(3) === 1];
    const [m, k] = (transposeA ? swapped(a.shape) : a.shape).slice(-2) as [number, number];
    const last = transposeB ? [d.length(), k] : [k, d.length()];
    const right = (x: Slot) =>
      x.shape.length >= 2 && (transposeB ? swapped(x.shape) : x.shape).at(-2) === k && broadcast(lead(a), lead(x)) !== undefined;
    const b = d.float(right, () => [...d.stretchable(lead(a)), ...last]);
    const batch = broadcast(lead(a), lead(b)) ?? [];
    const columns = (transposeB ? swapped(b.shape) : b.shape).at(-1) as number;
    d.need(sizeOf([...batch, m, columns]) <= d.sizes.limit);
    const at = (x: Plain, i: Index, r: number, c: number, flip: boolean) => get(x, flip ? [...i, c, r] : [...i, r, c]);
    const result = make([...batch, m, columns], (index) => {
      const [i, r, c] = [index.slice(0, -2), index.at(-2) as number, index.at(-1) as number];
      return n.dot(
        range(k).map((j) => at(a, i, r, j, transposeA)),
        range(k).map((j) => at(b, i, j, c, transposeB)),
      );
    });
    d.call('matmul', [a, b, { transposeA, transposeB }], result);
  },
};

const lead = (x: Plain) => x.shape.slice(0, -2);

/** `W x + b` of one row. */
export function affine(row: readonly n.Node[], weight: Plain, bias?: Plain): n.Node[] {
  return range(weight.shape[0] as number).map((o) => {
    const product = n.dot(
      row,
      row.map((_, i) => get(weight, [o, i])),
    );
    return bias ? n.add(product, get(bias, [o])) : product;
  });
}

const linear: Row = {
  op: 'linear',
  weight: 4,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length >= 1);
    const width = x.shape.at(-1) as number;
    const weight = d.float(
      (slot) => slot.shape.length === 2 && slot.shape[1] === width,
      () => [d.length(), width],
    );
    const outputs = weight.shape[0] as number;
    const bias = d.flag() ? d.like([outputs]) : undefined;
    const shape = x.shape.with(-1, outputs);
    d.need(sizeOf(shape) <= d.sizes.limit);
    const rows = new Map<string, n.Node[]>();
    make(without(shape, shape.length - 1), (i) => {
      const row = range(width).map((k) => get(x, [...i, k]));
      rows.set(i.join(), affine(row, weight, bias));
      return n.zero;
    });
    const result = make(shape, (i) => rows.get(i.slice(0, -1).join())?.[i.at(-1) as number] as n.Node);
    d.call('linear', bias ? [x, weight, bias] : [x, weight], result);
  },
};

const unfold: Row = {
  op: 'unfold',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && slot.shape.length < 5 && !slot.shape.includes(0));
    const axis = d.axis(x);
    const length = x.shape[axis] as number;
    const size = 1 + d.int(length);
    const shape = [...x.shape.with(axis, length - size + 1), size];
    d.need(sizeOf(shape) <= d.sizes.limit);
    const result = make(shape, (i) => get(x, i.slice(0, -1).with(axis, (i[axis] as number) + (i.at(-1) as number))));
    d.call('unfold', [x, size, d.signed(axis, x.shape.length)], result);
  },
};

function padding(d: Draw, size: number): [option: number | 'same' | 'causal', before: number, after: number] {
  const kind = d.int(4);
  if (kind === 1) return ['causal', size - 1, 0];
  if (kind === 2 && size % 2 === 1) return ['same', (size - 1) / 2, (size - 1) / 2];
  return kind === 3 ? [1, 1, 1] : [0, 0, 0];
}

const conv1d: Row = {
  op: 'conv1d',
  weight: 2,
  draw: (d) => {
    const x = d.ranked(3);
    const [batch, steps, inputs] = x.shape as [number, number, number];
    const [outputs, size] = [1 + d.int(3), 1 + d.int(3)];
    const weight = d.like([outputs, inputs, size]);
    const bias = d.flag() ? d.like([outputs]) : undefined;
    const [option, before, after] = padding(d, size);
    const length = before + steps + after - size + 1;
    d.need(length > 0);
    const result = make([batch, length, outputs], ([b = 0, t = 0, o = 0]) => {
      const taps = range(size).flatMap((k) => range(inputs).map((i) => [k, i, t + k - before] as const));
      const real = taps.filter(([, , at]) => at >= 0 && at < steps);
      const total = n.dot(
        real.map(([k, i]) => get(weight, [o, i, k])),
        real.map(([, i, at]) => get(x, [b, at, i])),
      );
      return bias ? n.add(total, get(bias, [o])) : total;
    });
    const options = option === 0 ? [] : [{ padding: option }];
    d.call('conv1d', bias || options.length ? [x, weight, bias, ...options] : [x, weight], result);
  },
};

/** Rows of Gaussians around evenly spaced middles, each by its sum and a little (Gregor et al. 2015, eq. 19–25). */
const gaussianFilters: Row = {
  op: 'gaussianFilters',
  draw: (d) => {
    const centre = d.float((slot) => slot.nodes.length > 0 && slot.nodes.length <= 12);
    const stride = d.like(centre.shape);
    const wide = (slot: Slot) => agree(slot.shape, centre.shape) && slot.nodes.every(({ value }) => value >= 0.25);
    const variance = d.float(wide, () => centre.shape, [0.5, 4]);
    const [filters, length] = [1 + d.int(3), 1 + d.int(4)];
    const result = make([...centre.shape, filters, length], (index) => {
      const [lead, i, a] = [index.slice(0, -2), index.at(-2) as number, index.at(-1) as number];
      const middle = n.add(get(centre, lead), n.scale(get(stride, lead), i - (filters - 1) / 2));
      const width = n.scale(get(variance, lead), -2);
      const factors = range(length).map((place) => {
        const apart = n.shift(middle, -place);
        return n.exp(n.div(n.mul(apart, apart), width));
      });
      return n.div(factors[a] as n.Node, n.shift(n.sum(factors), 1e-4));
    });
    d.call('gaussianFilters', [centre, stride, variance, filters, length], result);
  },
};

export const products: Row[] = [matmul, linear, unfold, conv1d, gaussianFilters];
