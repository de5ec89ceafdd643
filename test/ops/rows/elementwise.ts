import { affine } from '../../../src/ops/binary.ts';
import {
  abs,
  add,
  and,
  clamp,
  cos,
  div,
  equal,
  erf,
  exp,
  expand,
  gelu,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  or,
  pow,
  relu,
  reluSquared,
  sigmoid,
  sign,
  silu,
  sin,
  softcap,
  softplus,
  sqrt,
  square,
  sub,
  sumTo,
  swiglu,
  tanh,
  toFloat,
  where,
} from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, indices, list, make, total, erf as trueErf, zip } from '../plain.ts';
import type { OpRow } from '../row.ts';

type Domain = readonly [number, number];

const unary = (op: string, f: (x: Tensor) => Tensor, reference: (x: number) => number, domain: Domain = [-2, 2]): OpRow => ({
  op,
  f,
  inputs: [{ shape: [2, 5], domain }],
  reference,
  value: (x) => zip(reference, x),
});

/** Of two tensors, stretched, and with a number on either side. */
function binary(
  op: string,
  f: (a: Tensor | number, b: Tensor | number) => Tensor,
  reference: (a: number, b: number) => number,
  domain: Domain = [-2, 2],
): OpRow[] {
  return [
    { op, f, inputs: [2, 2].map(() => ({ shape: [2, 3], domain })), reference, value: (a, b) => zip(reference, a, b) },
    {
      op,
      name: 'stretched',
      f,
      inputs: [
        { shape: [4, 1, 3], domain },
        { shape: [2, 1], domain },
      ],
      value: (a, b) => zip(reference, a, b),
    },
    {
      op,
      name: 'tensor and number',
      f: (a) => f(a, 0.75),
      inputs: [{ shape: [2, 3], domain }],
      reference: (a) => reference(a, 0.75),
      value: (a) => zip((v) => reference(v, 0.75), a),
    },
    {
      op,
      name: 'number and tensor',
      f: (b) => f(0.75, b),
      inputs: [{ shape: [2, 3], domain }],
      reference: (b) => reference(0.75, b),
      value: (b) => zip((v) => reference(0.75, v), b),
    },
  ];
}

const number = (value: boolean) => (value ? 1 : 0);

/** Comparisons meet ties with the number 0, which the second row's whole numbers hold. */
function comparison(
  op: string,
  f: (a: Tensor | number, b: Tensor | number) => Tensor,
  reference: (a: number, b: number) => boolean,
): OpRow[] {
  const whole = [-1, 0, 1, 0];
  return [
    {
      op,
      f: (a, b) => toFloat(f(a as Tensor, b as Tensor)),
      inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
      reference: (a, b) => number(reference(a as number, b as number)),
      value: (a, b) => zip((p, q) => number(reference(p as number, q as number)), a, b),
      differentiable: false,
    },
    {
      op,
      name: 'int32 with a number',
      f: () => toFloat(f(tensor(Int32Array.from(whole)), 0)),
      inputs: [],
      value: () => list(...whole.map((v) => number(reference(v, 0)))),
    },
  ];
}

const bools = (...values: number[]) => tensor(values, { dtype: 'bool' });
const P = [0, 0, 1, 1];
const Q = [0, 1, 0, 1];

export const elementwise: OpRow[] = [
  unary('neg', neg, (x) => -x),
  unary('abs', abs, Math.abs, [0.1, 2]),
  { ...unary('abs', abs, Math.abs, [-2, -0.1]), name: 'below 0' },
  unary('sign', sign, Math.sign),
  unary('exp', exp, Math.exp, [-4, 4]),
  unary('log', log, Math.log, [0.2, 4]),
  unary('tanh', tanh, Math.tanh, [-3, 3]),
  unary('sigmoid', sigmoid, (x) => 1 / (1 + Math.exp(-x)), [-5, 5]),
  unary('erf', erf, trueErf),
  unary('sin', sin, Math.sin, [-5, 5]),
  unary('cos', cos, Math.cos, [-5, 5]),
  unary('sqrt', sqrt, Math.sqrt, [0.2, 4]),
  unary('square', square, (x) => x * x),
  unary('relu', relu, (x) => Math.max(x, 0), [0.1, 2]),
  { ...unary('relu', relu, () => 0, [-2, -0.1]), name: 'below 0' },
  {
    ...unary(
      'gelu',
      (x) => gelu(x, { approximate: 'tanh' }),
      (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
      [-3, 3],
    ),
    name: 'by tanh',
  },
  unary(
    'gelu',
    (x) => gelu(x),
    (x) => (x / 2) * (1 + trueErf(x / Math.SQRT2)),
    [-3, 3],
  ),
  unary('silu', silu, (x) => x / (1 + Math.exp(-x)), [-5, 5]),
  unary('reluSquared', reluSquared, (x) => x * x, [0.1, 2]),
  { ...unary('reluSquared', reluSquared, () => 0, [-2, -0.1]), name: 'below 0' },
  unary(
    'softcap',
    (x) => softcap(x, 1.5),
    (x) => 1.5 * Math.tanh(x / 1.5),
  ),
  {
    op: 'swiglu',
    f: swiglu,
    inputs: [{ shape: [2, 5], domain: [-5, 5] }, { shape: [2, 5] }],
    reference: (gate, up) => (gate / (1 + Math.exp(-(gate as number)))) * (up as number),
    value: (gate, up) => zip((a, b) => (a / (1 + Math.exp(-a))) * b, gate, up),
  },
  unary('softplus', softplus, (x) => Math.log(1 + Math.exp(x)), [-5, 5]),
  unary(
    'affine',
    (x) => affine(x, -1.5, 0.25),
    (x) => -1.5 * x + 0.25,
  ),
  unary(
    'clamp',
    (x) => clamp(x, -1, 0.5),
    (x) => Math.min(Math.max(x, -1), 0.5),
  ),
  ...binary('add', add, (a, b) => a + b),
  ...binary('sub', sub, (a, b) => a - b),
  ...binary('mul', mul, (a, b) => a * b),
  ...binary('div', div, (a, b) => a / b, [0.5, 2]),
  ...binary('pow', pow, (a, b) => a ** b, [0.5, 2]),
  ...binary('maximum', maximum, Math.max),
  ...binary('minimum', minimum, Math.min),
  ...comparison('equal', equal, (a, b) => a === b),
  {
    op: 'equal',
    name: 'where some are',
    f: () => toFloat(equal(tensor([1, 2, 3]), tensor([1, 0, 3]))),
    inputs: [],
    value: () => list(1, 0, 1),
  },
  ...[
    { name: 'whole numbers and a broken one', f: () => less(tensor(Int32Array.of(1, 2, 3)), 2.5), value: () => list(1, 1, 0) },
    { name: 'a broken number and whole ones', f: () => less(2.5, tensor(Int32Array.of(1, 2, 3))), value: () => list(0, 0, 1) },
    { name: 'whole numbers and float32', f: () => less(tensor(Int32Array.of(1, 2, 3)), tensor([1.5, 1.5, 4])), value: () => list(1, 0, 1) },
  ].map((row) => ({ op: 'less', ...row, f: () => toFloat(row.f()), inputs: [] })),
  ...comparison('less', less, (a, b) => a < b),
  ...comparison('lessEqual', lessEqual, (a, b) => a <= b),
  ...comparison('greater', greater, (a, b) => a > b),
  ...comparison('greaterEqual', greaterEqual, (a, b) => a >= b),
  { op: 'and', f: () => toFloat(and(bools(...P), bools(...Q))), inputs: [], value: () => list(0, 0, 0, 1) },
  { op: 'or', f: () => toFloat(or(bools(...P), bools(...Q))), inputs: [], value: () => list(0, 1, 1, 1) },
  { op: 'not', f: () => toFloat(not(bools(...P))), inputs: [], value: () => list(1, 1, 0, 0) },
  { op: 'toFloat', f: () => toFloat(tensor(Int32Array.of(-3, 0, 70_000))), inputs: [], value: () => list(-3, 0, 70_000) },
  {
    op: 'where',
    f: (a, b) => where(bools(1, 0, 1), a, b),
    inputs: [{ shape: [2, 3] }, { shape: [2, 1] }],
    value: (a, b) => zip((m, p, q) => (m ? p : q) as number, list(1, 0, 1), a, b),
  },
  {
    op: 'where',
    name: 'a number',
    f: (a) => where(bools(1, 0, 1), a, -1),
    inputs: [{ shape: [2, 3] }],
    value: (a) => zip((m, p) => (m ? p : -1) as number, list(1, 0, 1), a),
  },
  { op: 'expand', f: (x) => expand(x, [4, 2, 3]), inputs: [{ shape: [2, 1] }], value: (x) => make([4, 2, 3], (index) => at(x, index)) },
  {
    op: 'sumTo',
    f: (x) => sumTo(x, [3, 1]),
    inputs: [{ shape: [2, 3, 4] }],
    value: (x) => make([3, 1], ([j]) => total(indices([2, 4]).map(([i, k]) => at(x, [i, j, k] as number[])))),
  },
];
