// Ops along one axis: the largest, running sums, softmax and its kin, normalising.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { alongAxis, get, type Index, make, type Plain, reduceAxis, type Shape, withAxis, without } from '../plain.ts';
import type { Slot } from '../program.ts';

/** The place of the largest, the first at a tie; gives up where float32 may see another. */
export function largest(d: Draw, row: readonly n.Node[]): number {
  const top = Math.max(...row.map((x) => x.value));
  const at = row.findIndex((x) => x.value === top);
  row.forEach((x, i) => {
    if (i !== at) d.apart(x, row[at] as n.Node);
  });
  return at;
}

/** `max`, `argmax` and their like: over one axis, or all elements where none is named. */
export const picking = (
  op: string,
  f: (row: readonly n.Node[], at: number) => n.Node,
  dtype: 'float32' | 'int32',
  ranked: (row: readonly n.Node[]) => readonly n.Node[] = (row) => row,
): Row => ({
  op,
  draw: (d) => {
    const x = d.float((slot) => slot.nodes.length > 0);
    const [all, keepDims] = [d.int(4) === 3 || x.shape.length === 0, d.flag()];
    const axis = all ? 0 : d.axis(x);
    const flat: Plain = all ? { shape: [x.nodes.length], nodes: x.nodes } : x;
    const result = reduceAxis(flat, axis, (row) => f(row, largest(d, ranked(row))));
    const kept = all ? x.shape.map(() => 1) : x.shape.with(axis, 1);
    const option = all ? {} : { axis: d.signed(axis, x.shape.length) };
    d.call(op, [x, { ...option, keepDims }], keepDims ? { shape: kept, nodes: result.nodes } : result, { dtype });
  },
});

const reversedIf = <T>(list: readonly T[], reverse: boolean) => (reverse ? list.toReversed() : [...list]);

/** Running sums and products, from either end, with or without the element itself. */
const running = (op: string, f: (row: readonly n.Node[]) => n.Node): Row => ({
  op,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const axis = d.axis(x);
    const [reverse, exclusive] = [d.flag(), d.flag()];
    const scan = (row: readonly n.Node[]) => row.map((_, k) => f(row.slice(0, exclusive ? k : k + 1)));
    const result = alongAxis(x, axis, (row) => reversedIf(scan(reversedIf(row, reverse)), reverse));
    const same = op === 'cumprod' && x.shape[axis] === 0;
    d.call(op, [x, { axis: d.signed(axis, x.shape.length), reverse, exclusive }], same ? x : result);
  },
});

const product = (row: readonly n.Node[]) => row.reduce(n.mul, n.one);

/** `yₖ = xₖ + aₖ yₖ₋₁` */
function recurrence(xs: readonly n.Node[], as: readonly n.Node[]): n.Node[] {
  const ys: n.Node[] = [];
  xs.forEach((x, k) => {
    const before = ys[k - 1];
    ys.push(before ? n.add(x, n.mul(as[k] as n.Node, before)) : x);
  });
  return ys;
}

const rowAt = (x: Plain, axis: number, rest: Index) =>
  Array.from({ length: x.shape[axis] as number }, (_, k) => get(x, withAxis(rest, axis, k)));

const linearScan: Row = {
  op: 'linearScan',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    const a = d.like(x.shape);
    const axis = d.axis(x);
    const reverse = d.flag();
    const result = alongAxis(x, axis, (row, rest) =>
      reversedIf(recurrence(reversedIf(row, reverse), reversedIf(rowAt(a, axis, rest), reverse)), reverse),
    );
    d.call('linearScan', [x, a, { axis, reverse }], result);
  },
};

/** `αⱼ = pⱼ qⱼ`, `qⱼ = previousⱼ + (1 − pⱼ₋₁) qⱼ₋₁` (Raffel et al. 2017, §2.3) */
const monotonic: Row = {
  op: 'monotonicWeights',
  draw: (d) => {
    const p = d.float((slot) => slot.shape.length > 0);
    const previous = d.like(p.shape);
    const axis = p.shape.length - 1;
    const result = alongAxis(p, axis, (ps, rest) => {
      const passed = ps.map((_, j) => (j === 0 ? n.zero : n.sub(n.one, ps[j - 1] as n.Node)));
      return recurrence(rowAt(previous, axis, rest), passed).map((q, j) => n.mul(ps[j] as n.Node, q));
    });
    d.call('monotonicWeights', [p, previous], result);
  },
};

/** A row's largest, taken off before exponents are. */
const top = (row: readonly n.Node[]) => n.constant(Math.max(...row.map((x) => x.value)));
const exponents = (row: readonly n.Node[]) => row.map((x) => n.exp(n.sub(x, top(row))));

export function softmaxOf(row: readonly n.Node[]): n.Node[] {
  const es = exponents(row);
  const total = n.sum(es);
  return es.map((e) => n.div(e, total));
}

export const logSumExpOf = (row: readonly n.Node[]) => n.add(n.log(n.sum(exponents(row))), top(row));

/** The nearest point of the simplex (Martins and Astudillo 2016, algorithm 1): the support is what exceeds τ. */
function sparsemaxOf(d: Draw, row: readonly n.Node[]): n.Node[] {
  const sorted = row.toSorted((a, b) => b.value - a.value);
  const threshold = (k: number) => n.scale(n.shift(n.sum(sorted.slice(0, k)), -1), 1 / k);
  let k = 0;
  while (k < sorted.length && (sorted[k] as n.Node).value > threshold(k + 1).value) k++;
  if (k === 0) return [];
  const tau = threshold(k);
  for (const x of row) d.apart(x, tau);
  return row.map((x) => (x.value > tau.value ? n.sub(x, tau) : n.zero));
}

/** `f` of what a mask shows of each row; 0 at what it hides. */
export function shown(x: Plain, axis: number, mask: Plain | undefined, f: (row: readonly n.Node[]) => readonly n.Node[]): Plain {
  return alongAxis(x, axis, (row, rest) => {
    const open = row.map((_, k) => !mask || get(mask, withAxis(rest, axis, k)).value === 1);
    const some = row.filter((_, k) => open[k]);
    const values = some.length > 0 ? [...f(some)] : [];
    return open.map((is) => (is ? (values.shift() ?? n.zero) : n.zero));
  });
}

/** x with something that is no number where a mask is false: it must not be seen. */
export function behind(d: Draw, x: Slot, mask: Slot): Slot {
  const hidden = d.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  const result = make(x.shape, (i) => (get(mask, i).value === 1 ? get(x, i) : n.constant(hidden)));
  return d.call('where', [mask, x, hidden], result, { poisoned: true });
}

/** A tensor, perhaps a mask over it, perhaps with NaN behind the mask; and an axis. */
function masked(d: Draw, last = false): { x: Slot; mask: Slot | undefined; axis: number } {
  const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
  const axis = last ? x.shape.length - 1 : d.axis(x);
  const kind = d.int(3);
  if (kind === 0) return { x, mask: undefined, axis };
  const mask = d.mask(x.shape);
  return { x: kind === 2 ? behind(d, x, mask) : x, mask, axis };
}

const selecting = (op: string, f: (d: Draw, row: readonly n.Node[]) => readonly n.Node[]): Row => ({
  op,
  weight: 2,
  draw: (d) => {
    const { x, mask, axis } = masked(d);
    d.need(!mask || axis === x.shape.length - 1); // a mask lies along the tensor before its axes are exchanged
    const options = { axis: d.signed(axis, x.shape.length), ...(mask ? { mask } : {}) };
    d.call(
      op,
      [x, options],
      shown(x, axis, mask, (row) => f(d, row)),
    );
  },
});

const entropy: Row = {
  op: 'entropy',
  draw: (d) => {
    const { x, mask, axis } = masked(d, true);
    const terms = shown(x, axis, mask, (row) => {
      const all = logSumExpOf(row);
      return softmaxOf(row).map((p, i) => n.mul(p, n.sub(row[i] as n.Node, all)));
    });
    d.call(
      'entropy',
      mask ? [x, { mask }] : [x],
      reduceAxis(terms, axis, (row) => n.neg(n.sum(row))),
    );
  },
};

const logSoftmax: Row = {
  op: 'logSoftmax',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const axis = d.axis(x);
    const result = alongAxis(x, axis, (row) => {
      const all = logSumExpOf(row);
      return row.map((each) => n.sub(each, all));
    });
    d.call('logSoftmax', [x, { axis: d.signed(axis, x.shape.length) }], result);
  },
};

const logSumExp: Row = {
  op: 'logSumExp',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const [axis, keepDims] = [d.axis(x), d.flag()];
    const result = reduceAxis(x, axis, logSumExpOf);
    const shape: Shape = keepDims ? x.shape.with(axis, 1) : without(x.shape, axis);
    d.call('logSumExp', [x, { axis: d.signed(axis, x.shape.length), keepDims }], { shape, nodes: result.nodes });
  },
};

/** `(x − ⟨x⟩) / √(⟨(x − ⟨x⟩)²⟩ + ε) · weight + bias` (Ba, Kiros and Hinton 2016) */
const layerNorm: Row = {
  op: 'layerNorm',
  weight: 2,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const length = x.shape.at(-1) as number;
    const weight = d.int(3) > 0 ? d.like([length]) : undefined;
    const bias = d.int(3) > 0 ? d.like([length]) : undefined;
    const eps = d.pick([1e-5, 0.125]);
    const result = alongAxis(x, x.shape.length - 1, (row) => {
      const mean = n.scale(n.sum(row), 1 / length);
      const off = row.map((each) => n.sub(each, mean));
      const deviation = n.sqrt(n.shift(n.scale(n.dot(off, off), 1 / length), eps));
      return off.map((each, i) => {
        const y = n.div(each, deviation);
        const scaled = weight ? n.mul(y, get(weight, [i])) : y;
        return bias ? n.add(scaled, get(bias, [i])) : scaled;
      });
    });
    d.call('layerNorm', [x, { ...(weight ? { weight } : {}), ...(bias ? { bias } : {}), eps }], result);
  },
};

/** `x / √(⟨x²⟩ + ε) · weight` (Zhang and Sennrich 2019) */
export function rootNormed(d: Draw, x: Slot): Slot {
  const length = x.shape.at(-1) as number;
  const weight = d.int(3) > 0 ? d.like([length]) : undefined;
  const eps = d.pick([0.0625, 1]);
  const result = alongAxis(x, x.shape.length - 1, (row) => {
    const root = n.sqrt(n.shift(n.scale(n.dot(row, row), 1 / length), eps));
    return row.map((each, i) => (weight ? n.mul(n.div(each, root), get(weight, [i])) : n.div(each, root)));
  });
  return d.call('rmsNorm', [x, weight, { eps }], result);
}

const rmsNorm: Row = {
  op: 'rmsNorm',
  draw: (d) =>
    void rootNormed(
      d,
      d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0)),
    ),
};

export const along: Row[] = [
  picking('max', (row, at) => row[at] as n.Node, 'float32'),
  picking('argmax', (_, at) => n.constant(at), 'int32'),
  running('cumsum', n.sum),
  running('cumprod', product),
  linearScan,
  monotonic,
  selecting('softmax', (_, row) => softmaxOf(row)),
  selecting('sparsemax', sparsemaxOf),
  entropy,
  logSoftmax,
  logSumExp,
  layerNorm,
  rmsNorm,
];
