// Functions of one number, and of two.

import type { Graph, OnnxCall, OnnxOp } from '../graph.ts';
import { fixed, input, number, output, stretched } from './call.ts';

/** An operator with the same operands. */
const same =
  (type: string): OnnxOp =>
  (graph, call) =>
    graph.node(type, [input(call, 0).name]);

const both =
  (type: string): OnnxOp =>
  (graph, call) =>
    graph.node(type, stretched(graph, call));

/** `scale · x + shift`. */
const affine: OnnxOp = (graph, call) => {
  const [scale, shift] = [number(call, 'scale'), number(call, 'shift')];
  const x = input(call, 0).name;
  const scaled = scale === 1 ? x : graph.node('Mul', [x, graph.scalar('float32', scale)]);
  return shift === 0 ? scaled : graph.node('Add', [scaled, graph.scalar('float32', shift)]);
};

const clamp: OnnxOp = (graph, call) => {
  const limit = (name: string) => (Number.isFinite(fixed(call, name)) ? graph.number('float32', fixed(call, name)) : '');
  return graph.node('Clip', [input(call, 0).name, limit('low'), limit('high')]);
};

/** `x/2 · (1 + erf(x/√2))`, or `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`. */
const gelu: OnnxOp = (graph, call) => {
  const x = input(call, 0).name;
  const approximate = call.attributes.approximate === 'tanh';
  if (graph.opset >= 20) return graph.node('Gelu', [x], approximate ? { approximate: 'tanh' } : {});
  const at = (value: number) => graph.number('float32', value);
  const curve = (): string => {
    if (!approximate) return graph.node('Erf', [graph.node('Div', [x, at(Math.SQRT2)])]);
    const slope = graph.node('Add', [graph.node('Mul', [graph.node('Mul', [x, x]), at(0.044715)]), at(1)]);
    return graph.node('Tanh', [graph.node('Mul', [graph.node('Mul', [x, slope]), at(Math.sqrt(2 / Math.PI))])]);
  };
  return graph.node('Mul', [graph.node('Mul', [x, graph.node('Add', [curve(), at(1)])]), at(0.5)]);
};

const siluOf = (graph: Graph, x: string) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]);
const silu: OnnxOp = (graph, call) => siluOf(graph, input(call, 0).name);
const swiglu: OnnxOp = (graph, call) => graph.node('Mul', [siluOf(graph, input(call, 0).name), input(call, 1).name]);

const reluSquared: OnnxOp = (graph, call) => {
  const y = graph.node('Relu', [input(call, 0).name]);
  return graph.node('Mul', [y, y]);
};

const softcap: OnnxOp = (graph, call) => {
  const cap = graph.number('float32', fixed(call, 'cap'));
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [input(call, 0).name, cap])]), cap]);
};

/** A relation of two tensors, or of one and a number; where the types differ, as float64, which holds them all. */
const relation =
  (type: string): OnnxOp =>
  (graph, call) => {
    const kinds = new Set(call.inputs.map((x) => x?.dtype ?? 'a number'));
    const [only] = kinds;
    if (kinds.size === 1 && only !== 'bool') return graph.node(type, stretched(graph, call));
    const wide = kinds.has('float32') || kinds.has('a number') ? 'float64' : 'int32';
    const operand = (x: OnnxCall['inputs'][number], name: string) => (x ? graph.cast(x.name, wide) : graph.number(wide, fixed(call, name)));
    return graph.node(type, [operand(call.inputs[0] ?? null, 'a'), operand(call.inputs[1] ?? null, 'b')]);
  };

const toFloat: OnnxOp = (graph, call) => graph.cast(input(call, 0).name, 'float32');

/** The larger or the smaller of two; the operators take any number of operands. */
const extreme = (type: string): OnnxOp => both(type);

const itself: OnnxOp = (_, call) => input(call, 0).name;

/** A constant of any shape. */
const full: OnnxOp = (graph: Graph, call) => {
  const { dtype, dims } = output(call);
  const value = call.attributes.value;
  const scalar = graph.scalar(dtype, typeof value === 'boolean' ? Number(value) : number(call, 'value'));
  return dims.length === 0 ? scalar : graph.node('Expand', [scalar, graph.shape(dims.map((size) => size ?? noSize(call)))]);
};

function noSize({ op }: OnnxCall): never {
  throw new RangeError(`toOnnx: ${op} must have lengths that follow from the axes, got others`);
}

/** Elementwise ops. */
export const elementwise: Readonly<Record<string, OnnxOp>> = {
  abs: same('Abs'),
  add: both('Add'),
  affine,
  and: both('And'),
  clamp,
  copy: itself,
  cos: same('Cos'),
  detach: itself,
  div: both('Div'),
  equal: relation('Equal'),
  erf: same('Erf'),
  exp: same('Exp'),
  full,
  gelu,
  less: relation('Less'),
  lessEqual: relation('LessOrEqual'),
  log: same('Log'),
  maximum: extreme('Max'),
  minimum: extreme('Min'),
  mul: both('Mul'),
  neg: same('Neg'),
  not: same('Not'),
  or: both('Or'),
  pow: both('Pow'),
  relu: same('Relu'),
  reluSquared,
  sigmoid: same('Sigmoid'),
  sign: same('Sign'),
  silu,
  sin: same('Sin'),
  softcap,
  softplus: same('Softplus'),
  sqrt: same('Sqrt'),
  sub: both('Sub'),
  swiglu,
  tanh: same('Tanh'),
  toFloat,
  where: both('Where'),
};
