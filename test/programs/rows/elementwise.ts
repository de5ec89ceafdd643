// Ops of one element at a time: one operand, two that broadcast, comparisons, and the choice between two.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { broadcast, get, make, map, type Plain, sizeOf } from '../plain.ts';
import type { DType, Slot } from '../program.ts';

type Unary = (x: n.Node) => n.Node;

/** One operand; where `safe` does not hold the op is left out. */
const unary = (op: string, f: Unary, safe: (x: n.Node) => boolean = () => true, domain?: [number, number]): Row => ({
  op,
  draw: (d) => {
    const x = d.float(
      (slot) => slot.nodes.every(safe),
      () => d.shape(),
      domain,
    );
    d.call(op, [x], map(x, f));
  },
});

const above = (low: number) => (x: n.Node) => x.value >= low;
const within = (size: number) => (x: n.Node) => Math.abs(x.value) <= size;
const fromZero = (x: n.Node) => n.apart(x, n.zero);
const sign: Unary = (x) => n.constant(Math.sign(x.value));

/** A second operand: a number, a tensor that broadcasts, the first one itself. */
export function operand(d: Draw, x: Slot): Slot | number {
  const kind = d.int(6);
  if (kind === 4) return x;
  return kind === 5 ? d.pick([0.5, -1.5, 2, 0.1, 3]) : d.partner(x.shape);
}

/** As an array of nodes; a number is rounded to float32 on the way to a kernel. */
export const plain = (x: Slot | number): Plain =>
  typeof x === 'number' ? { shape: [], nodes: [n.constant(x, Math.abs(Math.fround(x) - x) * 2)] } : x;

/** `f` of two operands that broadcast. */
export function broadcasting(d: Draw, a: Plain, b: Plain, f: (a: n.Node, b: n.Node) => n.Node): Plain {
  const shape = broadcast(a.shape, b.shape);
  d.need(shape !== undefined && sizeOf(shape) <= d.sizes.limit);
  return make(shape ?? [], (i) => f(get(a, i), get(b, i)));
}

function binary(
  op: string,
  f: (a: n.Node, b: n.Node) => n.Node,
  parts: { check?: (d: Draw, a: n.Node, b: n.Node) => void; dtype?: DType; weight?: number } = {},
): Row {
  return {
    op,
    weight: parts.weight ?? 1,
    draw: (d) => {
      const x = d.float();
      const y = operand(d, x);
      const [a, b] = d.flag() ? [y, x] : [x, y];
      const result = broadcasting(d, plain(a), plain(b), (p, q) => {
        parts.check?.(d, p, q);
        return f(p, q);
      });
      d.call(op, [a, b], result, { dtype: parts.dtype ?? 'float32' });
    },
  };
}

const half = (x: n.Node) => n.scale(x, 0.5);
const larger = (a: n.Node, b: n.Node) => (a.value === b.value ? half(n.add(a, b)) : a.value > b.value ? a : b);
const divisor = (d: Draw, _: n.Node, b: n.Node) => d.need(Math.abs(b.value) >= 0.25);
const apart = (d: Draw, a: n.Node, b: n.Node) => d.apart(a, b);

const truth = (value: boolean) => (value ? n.one : n.zero);

const compare = (op: string, f: (a: number, b: number) => boolean) =>
  binary(op, (a, b) => truth(f(a.value, b.value)), { check: apart, dtype: 'bool' });

const logic = (op: string, f: (a: number, b: number) => boolean): Row => ({
  op,
  draw: (d) => {
    const shape = d.shape();
    const [a, b] = [d.mask(shape), d.mask(shape)];
    d.call(
      op,
      [a, b],
      broadcasting(d, a, b, (p, q) => truth(f(p.value, q.value))),
      { dtype: 'bool' },
    );
  },
});

const clamp: Row = {
  op: 'clamp',
  draw: (d) => {
    const [low, high] = [n.constant(d.pick([-1, -0.5, 0])), n.constant(d.pick([0.5, 0.25, 1]))];
    const x = d.float((slot) => slot.nodes.every((each) => n.apart(each, low) && n.apart(each, high)));
    const f: Unary = (each) => (each.value < low.value ? low : each.value > high.value ? high : each);
    d.call('clamp', [x, low.value, high.value], map(x, f));
  },
};

const where: Row = {
  op: 'where',
  draw: (d) => {
    const a = d.float();
    const b = operand(d, a);
    const mask = d.mask(broadcast(a.shape, plain(b).shape) ?? a.shape);
    const shape = broadcast(a.shape, plain(b).shape, mask.shape);
    d.need(shape !== undefined && sizeOf(shape) <= d.sizes.limit);
    const [p, q] = d.flag() ? [b, a] : [a, b];
    const result = make(shape ?? [], (i) => get(plain(get(mask, i).value === 1 ? p : q), i));
    d.call('where', [mask, p, q], result);
  },
};

const toFloat: Row = {
  op: 'toFloat',
  draw: (d) => {
    const x = d.pick(d.visible.filter((slot) => !slot.poisoned));
    d.call('toFloat', [x], x.dtype === 'float32' ? x : map(x, n.cut));
  },
};

const gelu: Row = {
  op: 'gelu',
  draw: (d) => {
    const x = d.float((slot) => slot.nodes.every(within(8)));
    const exact: Unary = (each) => n.mul(half(each), n.shift(n.erf(n.scale(each, Math.SQRT1_2)), 1));
    const approximate: Unary = (each) => {
      const cube = n.mul(each, n.mul(each, each));
      return n.mul(half(each), n.shift(n.tanh(n.scale(n.add(each, n.scale(cube, 0.044715)), Math.sqrt(2 / Math.PI))), 1));
    };
    if (d.flag()) d.call('gelu', [x, { approximate: 'tanh' }], map(x, approximate));
    else d.call('gelu', [x], map(x, exact));
  },
};

const silu: Unary = (x) => n.mul(x, n.sigmoid(x));

const softcap: Row = {
  op: 'softcap',
  draw: (d) => {
    const cap = d.pick([1, 2, 0.5, 30]);
    const x = d.float();
    d.call(
      'softcap',
      [x, cap],
      map(x, (each) => n.scale(n.tanh(n.scale(each, 1 / cap)), cap)),
    );
  },
};

const swiglu: Row = {
  op: 'swiglu',
  draw: (d) => {
    const gate = d.float();
    const up = d.like(gate.shape);
    d.call(
      'swiglu',
      [gate, up],
      make(gate.shape, (i) => n.mul(silu(get(gate, i)), get(up, i))),
    );
  },
};

export const elementwise: Row[] = [
  unary('abs', (x) => (x.value === 0 ? n.zero : x.value < 0 ? n.neg(x) : x), fromZero),
  unary('sign', sign, fromZero),
  unary('exp', n.exp, (x) => x.value < 5),
  unary('log', n.log, above(0.25), [0.25, 2.25]),
  unary('tanh', n.tanh),
  unary('sigmoid', n.sigmoid),
  unary('erf', n.erf, within(4)),
  unary('sin', n.sin, within(32)),
  unary('cos', n.cos, within(32)),
  unary('sqrt', n.sqrt, above(0.25), [0.25, 2.25]),
  unary('square', (x) => n.mul(x, x)),
  unary('relu', (x) => (x.value > 0 ? x : n.zero), fromZero),
  unary('softplus', n.softplus),
  unary('silu', silu),
  unary('reluSquared', (x) => (x.value > 0 ? n.mul(x, x) : n.zero), fromZero),
  softcap,
  swiglu,
  unary('neg', n.neg),
  gelu,
  clamp,
  binary('add', n.add, { weight: 5 }),
  binary('sub', n.sub, { weight: 2 }),
  binary('mul', n.mul, { weight: 4 }),
  binary('div', n.div, { check: divisor }),
  binary('maximum', larger, { check: apart }),
  binary('minimum', (a, b) => n.neg(larger(n.neg(a), n.neg(b))), { check: apart }),
  compare('equal', (a, b) => a === b),
  compare('less', (a, b) => a < b),
  compare('lessEqual', (a, b) => a <= b),
  compare('greater', (a, b) => a > b),
  compare('greaterEqual', (a, b) => a >= b),
  logic('and', (a, b) => a + b === 2),
  logic('or', (a, b) => a + b > 0),
  {
    op: 'not',
    draw: (d) => {
      const x = d.mask(d.shape());
      d.call(
        'not',
        [x],
        map(x, (each) => truth(each.value === 0)),
        { dtype: 'bool' },
      );
    },
  },
  where,
  toFloat,
];
