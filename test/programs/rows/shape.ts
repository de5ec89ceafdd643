// Ops that move elements, and sums over axes.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { agree, get, type Index, make, type Shape, sizeOf, withAxis, without } from '../plain.ts';
import type { Slot } from '../program.ts';

/** A row for one tensor that has axes. */
const moving = (op: string, f: (d: Draw, x: Slot, axis: number) => void): Row => ({
  op,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0);
    f(d, x, d.axis(x));
  },
});

const replaced = (index: Index, axis: number, i: number) => index.map((each, k) => (k === axis ? i : each));

/** The elements in another shape: axes joined and split, ones put in, all in a row. */
function reshaped(d: Draw, { shape, nodes }: Slot): Shape {
  const kind = d.int(6);
  if (kind === 0) return [nodes.length];
  if (kind === 1) return withAxis(shape, d.int(shape.length + 1), 1);
  if (kind === 2) return shape.filter((length) => length !== 1);
  const axis = d.int(Math.max(1, shape.length));
  const length = shape[axis] ?? 1;
  if (kind === 3) return shape.toSpliced(axis, 2, length * (shape[axis + 1] ?? 1));
  if (kind === 4 && length % 2 === 0) return shape.toSpliced(axis, 1, 2, length / 2);
  return shape.toReversed();
}

const reshape: Row = {
  op: 'reshape',
  weight: 3,
  draw: (d) => {
    const x = d.float();
    const shape = reshaped(d, x);
    d.need(shape.length <= 5);
    const open = d.int(8);
    const asked = open < shape.length && sizeOf(shape) > 0 ? shape.with(open, -1) : shape;
    d.call('reshape', [x, asked], agree(shape, x.shape) ? x : { shape, nodes: x.nodes });
  },
};

function permuted(d: Draw, op: string, args: readonly unknown[], x: Slot, order: readonly number[]): void {
  const shape = order.map((axis) => x.shape[axis] as number);
  d.call(
    op,
    args,
    make(shape, (i) =>
      get(
        x,
        order.map((_, axis) => i[order.indexOf(axis)] as number),
      ),
    ),
  );
}

const permute: Row = {
  op: 'permute',
  draw: (d) => {
    const x = d.float();
    const axes = x.shape.map((_, axis) => axis);
    const order = x.shape.map(() => axes.splice(d.int(axes.length), 1)[0] as number);
    permuted(d, 'permute', [x, order.map((axis) => d.signed(axis, order.length))], x, order);
  },
};

const transpose = moving('transpose', (d, x, a) => {
  const b = d.axis(x);
  const order = x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  permuted(d, 'transpose', [x, d.signed(a, order.length), d.signed(b, order.length)], x, order);
});

const slice = moving('slice', (d, x, axis) => {
  const length = x.shape[axis] as number;
  const start = d.int(Math.max(1, length));
  const end = length - d.int(length - start + 1);
  const shape = x.shape.with(axis, end - start);
  const args = [x, d.signed(axis, x.shape.length), start < length && d.flag() ? start - length : start, end];
  const result = make(shape, (i) => get(x, replaced(i, axis, (i[axis] as number) + start)));
  d.call('slice', args, end - start === length ? x : result);
});

const place = moving('place', (d, x, axis) => {
  const [own, start, after] = [x.shape[axis] as number, d.int(3), d.int(3)];
  const shape = x.shape.with(axis, start + own + after);
  const inside = (i: number) => i >= start && i < start + own;
  const from = (i: Index) => get(x, replaced(i, axis, (i[axis] as number) - start));
  d.call(
    'place',
    [x, axis, start, start + own + after],
    make(shape, (i) => (inside(i[axis] as number) ? from(i) : n.zero)),
  );
});

const select = moving('select', (d, x, axis) => {
  const length = x.shape[axis] as number;
  d.need(length > 0);
  const at = d.int(length);
  const result = make(without(x.shape, axis), (i) => get(x, withAxis(i, axis, at)));
  d.call('select', [x, d.signed(axis, x.shape.length), d.signed(at, length)], result);
});

const flip = moving('flip', (d, x, axis) => {
  const last = (x.shape[axis] as number) - 1;
  d.call(
    'flip',
    [x, d.signed(axis, x.shape.length)],
    make(x.shape, (i) => get(x, replaced(i, axis, last - (i[axis] as number)))),
  );
});

const half = (op: 'tril' | 'triu'): Row => ({
  op,
  draw: (d) => {
    const x = d.float(
      (slot) => slot.shape.length >= 2,
      () => d.shape(2 + d.int(2)),
    );
    const offset = d.int(5) - 2;
    const keeps = (i: Index) => {
      const behind = (i.at(-1) as number) - (i.at(-2) as number) - offset;
      return op === 'tril' ? behind <= 0 : behind >= 0;
    };
    d.call(
      op,
      [x, { offset }],
      make(x.shape, (i) => (keeps(i) ? get(x, i) : n.zero)),
    );
  },
});

const concat = moving('concat', (d, x, axis) => {
  const others = Array.from({ length: d.pick([1, 2, 0, 1]) }, () => {
    if (d.int(4) === 3) return x;
    const fits = (y: Slot) => y.shape.length === x.shape.length && agree(without(y.shape, axis), without(x.shape, axis));
    return d.float(fits, () => x.shape.with(axis, d.length()));
  });
  const all = [x, ...others];
  const owner = all.flatMap((y) => Array.from({ length: y.shape[axis] as number }, (_, i) => [y, i] as const));
  const result = make(x.shape.with(axis, owner.length), (i) => {
    const [y, at] = owner[i[axis] as number] as (typeof owner)[number];
    return get(y, replaced(i, axis, at));
  });
  d.call('concat', [all, axis], all.length === 1 ? x : result);
});

const stack: Row = {
  op: 'stack',
  draw: (d) => {
    const x = d.float();
    const all = [x, ...Array.from({ length: d.pick([1, 2, 0]) }, () => d.like(x.shape))];
    const axis = d.int(x.shape.length + 1);
    d.need(x.shape.length < 5);
    d.call(
      'stack',
      [all, axis],
      make(withAxis(x.shape, axis, all.length), (i) => get(all[i[axis] as number] as Slot, without(i, axis))),
    );
  },
};

const unstack = moving('unstack', (d, x, axis) => {
  const shape = without(x.shape, axis);
  const results = Array.from({ length: x.shape[axis] as number }, (_, at) => make(shape, (i) => get(x, withAxis(i, axis, at))));
  d.need(results.length > 0);
  d.calls('unstack', [x, axis], results, 'list');
});

const expand: Row = {
  op: 'expand',
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length < 5);
    const wide = x.shape.map((length) => (length === 1 ? d.length() : length));
    const shape = [...Array.from({ length: d.int(3) }, () => d.length()), ...wide];
    d.need(sizeOf(shape) <= d.sizes.limit && shape.length <= 5);
    d.call('expand', [x, shape], agree(shape, x.shape) ? x : make(shape, (i) => get(x, i)));
  },
};

const sumTo: Row = {
  op: 'sumTo',
  draw: (d) => {
    const x = d.float();
    const shape = d.stretchable(x.shape);
    d.call('sumTo', [x, shape], agree(shape, x.shape) ? x : summed(x, shape));
  },
};

/** The elements of x that fall on each index of a shape that stretches to x's. */
export function groups(x: Slot, shape: Shape): Map<string, n.Node[]> {
  const found = new Map<string, n.Node[]>();
  make(shape, (i) => {
    found.set(i.join(), []);
    return n.zero;
  });
  make(x.shape, (i) => {
    const at = i.slice(i.length - shape.length).map((each, k) => (shape[k] === 1 ? 0 : each));
    const value = get(x, i);
    found.get(at.join())?.push(value);
    return value;
  });
  return found;
}

const summed = (x: Slot, shape: Shape) => {
  const found = groups(x, shape);
  return make(shape, (i) => n.sum(found.get(i.join()) ?? []));
};

/** Some axes, given as a number, a list or not at all. */
function axesOf(d: Draw, x: Slot): { axes: readonly number[]; option: { axis?: number | readonly number[] } } {
  const all = x.shape.map((_, axis) => axis);
  const kind = d.int(3);
  if (kind === 0 || all.length === 0) return { axes: all, option: {} };
  if (kind === 1) {
    const axis = d.axis(x);
    return { axes: [axis], option: { axis: d.signed(axis, all.length) } };
  }
  const chosen = d.int(2 ** all.length);
  const axes = all.filter((axis) => (chosen >> axis) & 1);
  return { axes, option: { axis: axes } };
}

const reducing = (op: string, f: (xs: readonly n.Node[]) => n.Node, empties: boolean): Row => ({
  op,
  draw: (d) => {
    const x = d.float();
    const { axes, option } = axesOf(d, x);
    const keepDims = d.flag();
    d.need(empties || axes.every((axis) => x.shape[axis] !== 0));
    const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const found = groups(x, kept);
    const whole = make(kept, (i) => f(found.get(i.join()) ?? []));
    const shape = keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis));
    d.call(op, [x, { ...option, keepDims }], op === 'sum' && agree(shape, x.shape) ? x : { shape, nodes: whole.nodes });
  },
});

export const shapes: Row[] = [
  reshape,
  permute,
  transpose,
  slice,
  place,
  select,
  flip,
  half('tril'),
  half('triu'),
  concat,
  stack,
  unstack,
  expand,
  sumTo,
  reducing('sum', n.sum, true),
  reducing('mean', (xs) => n.scale(n.sum(xs), 1 / xs.length), false),
];
