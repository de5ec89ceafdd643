// The options of `toOnnx`.

import type { Module, StateDict } from '../nn/module.ts';
import { anything, expectOptions, isOneOf, isSize, maybe, type Rule, type Rules, ruleOf, shown } from '../tensor/check.ts';
import type { OnnxWeights } from './external.ts';
import type { OnnxOp } from './graph.ts';
import type { OnnxInput } from './run.ts';

/** Options of `toOnnx`. */
export interface OnnxOptions<Inputs extends Readonly<Record<string, OnnxInput>> = Readonly<Record<string, OnnxInput>>> {
  /** What goes in, by name. */
  inputs: Inputs;
  /**
   * What comes out, by name. Of a lone tensor its name, default `output`; of a list a name for each; of named tensors the paths that are wanted,
   * default all: `logits`, `state.cell.h`.
   */
  outputs?: readonly string[] | undefined;
  /** Whose parameters and buffers keep the names of its state dict; or such a dict. Other constants are numbered. */
  module?: Module | StateDict | undefined;
  /** Leaves what `module` names in a safetensors file beside the graph. Default: the weights are in the graph. */
  weights?: OnnxWeights | undefined;
  /** The set of operators, 17 to 23. Default 17; 23 has attention, RMS normalisation and rotary positions as one operator each. */
  opset?: number | undefined;
  /** The lengths of an axis in the four runs that are traced, different ones from 2 on. Default: small numbers without common divisors. */
  sizes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** What is written for ops of one's own, or instead of the table's. */
  ops?: Readonly<Record<string, OnnxOp>> | undefined;
  /** Of the graph. Default `main`. */
  name?: string | undefined;
}

/** The name of an axis, or a size. */
const isBelow: Rule = (op, name, value) => {
  if (typeof value !== 'string') isSize(op, name, value);
};

const isInput: Rules<OnnxInput> = {
  shape: anything,
  dtype: /* @__PURE__ */ maybe(/* @__PURE__ */ isOneOf('float32', 'int32', 'bool')),
  below: /* @__PURE__ */ maybe(isBelow),
  from: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a whole number', Number.isSafeInteger)),
};

/** Refuses the values of an input that it cannot have: none, or those of an axis that there is not. */
function expectValues(input: string, { below = 1, from = 0 }: OnnxInput, axes: ReadonlyMap<string, unknown>): void {
  if (typeof below === 'string' && !axes.has(below)) {
    throw new RangeError(`toOnnx: inputs.${input}.below must be a size or one of ${[...axes.keys()].join(', ')}, got ${shown(below)}`);
  }
  if (typeof below === 'number' && from >= below) throw new RangeError(`toOnnx: inputs.${input}.from must be below ${below}, got ${from}`);
}

/** The axes of inputs: where each is found first. */
export function axesOf(inputs: Readonly<Record<string, OnnxInput>>): Map<string, { input: string; axis: number }> {
  if (typeof inputs !== 'object' || inputs === null) throw new TypeError(`toOnnx: inputs must be shapes by name, got ${shown(inputs)}`);
  const axes = new Map<string, { input: string; axis: number }>();
  for (const [input, given] of Object.entries(inputs)) {
    expectOptions(`toOnnx inputs.${input}`, given, isInput);
    const { shape } = given;
    shape?.forEach((length, axis) => {
      const fits = typeof length === 'string' ? /^[A-Za-z_]\w*$/.test(length) : Number.isSafeInteger(length) && length >= 0;
      if (!fits) throw new RangeError(`toOnnx: inputs.${input} must have lengths or names of axes, got ${shown(length)}`);
      if (typeof length === 'string' && !axes.has(length)) axes.set(length, { input, axis });
    });
    if (!Array.isArray(shape)) throw new TypeError(`toOnnx: inputs.${input} must have a shape, got ${shown(shape)}`);
  }
  for (const [input, given] of Object.entries(inputs)) expectValues(input, given, axes);
  return axes;
}
