// A model or a part as a graph: what it is given, and how it is called.
import type { Module } from '../../src/nn/index.ts';
import type { OnnxInput } from '../../src/onnx/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export interface ModelRow {
  name: string;
  module: Module;
  inputs: Readonly<Record<string, OnnxInput>>;
  call: (inputs: Readonly<Record<string, Tensor>>) => object;
}

interface Spec<M extends Module> {
  module: M;
  inputs: Readonly<Record<string, OnnxInput>>;
  call: (module: M, inputs: Readonly<Record<string, Tensor>>) => object;
}

/** A row of a module. */
export const row = <M extends Module>(name: string, { module, inputs, call }: Spec<M>): ModelRow => ({
  name,
  module,
  inputs,
  call: (given) => call(module, given),
});

export const given = (inputs: Readonly<Record<string, Tensor>>, name: string) => inputs[name] as Tensor;
export const real = (...shape: (number | string)[]): OnnxInput => ({ shape });
export const tokens = (below: number, time = 'time'): OnnxInput => ({ shape: ['batch', time], dtype: 'int32', below });
export const mask = (...shape: (number | string)[]): OnnxInput => ({ shape, dtype: 'bool' });
export const lengths = (axis: string): OnnxInput => ({ shape: ['batch'], dtype: 'int32', below: axis, from: 1 });
