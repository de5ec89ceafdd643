// Ops of images. Channels come last here, and before the rows there.

import type { Graph, OnnxCall, OnnxOp, OnnxValue } from '../graph.ts';
import { fixed, input } from './call.ts';

/** `[B, C, rows, columns]`. */
const turned = (graph: Graph, { name, dims }: OnnxValue) =>
  dims.length === 3 ? graph.unsqueeze(name, 1) : graph.permute(name, [0, 3, 1, 2]);

/** The same as the image `x` was. */
const back = (graph: Graph, y: string, { dims }: OnnxValue) => (dims.length === 3 ? graph.squeeze(y, 1) : graph.permute(y, [0, 2, 3, 1]));

/** An attribute of two numbers, at all sizes the same. */
function pair({ op, attributes }: OnnxCall, name: string): [number, number] {
  const value = attributes[name];
  if (Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'number')) return value as [number, number];
  throw new RangeError(`toOnnx: ${op} must have one ${name} at all sizes, got ${String(value)}`);
}

const twice = (both: readonly number[]) => [...both, ...both];

/** A convolution or its transpose. */
const convolution =
  (type: 'Conv' | 'ConvTranspose'): OnnxOp =>
  (graph, call) => {
    const [x, weight, bias] = [input(call, 0), input(call, 1), call.inputs[2]];
    const attributes = {
      strides: pair(call, 'stride'),
      pads: twice(pair(call, 'padding')),
      ...(type === 'ConvTranspose' && { output_padding: pair(call, 'outputPadding') }),
    };
    return back(graph, graph.node(type, [turned(graph, x), weight.name, ...(bias ? [bias.name] : [])], attributes), x);
  };

const pool =
  (type: 'MaxPool' | 'AveragePool'): OnnxOp =>
  (graph, call) => {
    const x = input(call, 0);
    const attributes = {
      kernel_shape: pair(call, 'size'),
      strides: pair(call, 'stride'),
      pads: twice(pair(call, 'padding')),
      ...(type === 'AveragePool' && { count_include_pad: 1 }),
    };
    return back(graph, graph.node(type, [turned(graph, x)], attributes), x);
  };

const gridSample: OnnxOp = (graph, call) => {
  const x = input(call, 0);
  const mode = graph.opset >= 20 ? 'linear' : 'bilinear';
  const attributes = { align_corners: call.attributes.alignCorners === true ? 1 : 0, mode, padding_mode: 'zeros' };
  return back(graph, graph.node('GridSample', [turned(graph, x), input(call, 1).name], attributes), x);
};

/** By the statistics of the batch, which are results too. */
const batchNorm: OnnxOp = (graph, call) => {
  const [x, weight, bias] = [input(call, 0), call.inputs[1], call.inputs[2]];
  const axes = x.dims.slice(0, -1).map((_, axis) => axis);
  const mean = (of: string) => (axes.length === 0 ? of : graph.reduce('ReduceMean', of, axes, false));
  const level = mean(x.name);
  const centred = graph.node('Sub', [x.name, level]);
  const variance = mean(graph.node('Mul', [centred, centred]));
  const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.number('float32', fixed(call, 'eps'))])]);
  const unit = graph.node('Div', [centred, deviation]);
  const scaled = weight ? graph.node('Mul', [unit, weight.name]) : unit;
  return [bias ? graph.node('Add', [scaled, bias.name]) : scaled, level, variance];
};

/** Ops of images. */
export const picturing: Readonly<Record<string, OnnxOp>> = {
  avgPool2d: pool('AveragePool'),
  batchNorm,
  conv2d: convolution('Conv'),
  convTranspose2d: convolution('ConvTranspose'),
  gridSample,
  maxPool2d: pool('MaxPool'),
};
