// The messages of an ONNX file (onnx.proto of the ONNX project, whose field numbers these are).

import type { DType } from '../runtime/backend.ts';
import { Message } from './bytes.ts';

/** The name of an element type. */
export type Type = 'float32' | 'int32' | 'int64' | 'bool' | 'float64';

/** Element types, by their number in the format. */
export const types: Readonly<Record<Type, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };

/** An attribute of a node: a whole number or a list of them, `{ float }`, or a text. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

/** The same, or the graph that a node runs. */
export type Attribute = OnnxAttribute | { readonly graph: Body };

/** One operation. An input that is left out is ''. */
export interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Where elements lie in another file. */
export interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor of the file: its elements, or where they lie. */
export interface Initializer {
  readonly name: string;
  readonly type: Type;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Place;
}

/** What goes in or out. A dimension is a number, a name, or unknown. */
export interface Port {
  readonly name: string;
  readonly type: DType;
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** A graph: of a file, or of a node that runs it. */
export interface Body {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

const isWide = (value: Attribute): value is readonly number[] => Array.isArray(value);

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if (typeof value === 'string') return message.text(4, value).int(20, 3);
  if (isWide(value)) return value.reduce((all, one) => all.int(8, one), message).int(20, 7);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  return message.message(6, graph(value.graph)).int(20, 5);
}

function node({ type, inputs, outputs, attributes }: Node): Message {
  const message = new Message();
  for (const name of inputs) message.text(1, name);
  for (const name of outputs) message.text(2, name);
  message.text(3, outputs[0] ?? type).text(4, type);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
  return message;
}

function initializer({ name, type, shape, data }: Initializer): Message {
  const message = new Message();
  for (const length of shape) message.int(1, length);
  message.int(2, types[type]).text(8, name);
  if (data instanceof Uint8Array) return message.bytes(9, data);
  for (const [key, value] of Object.entries(data)) message.message(13, new Message().text(1, key).text(2, String(value)));
  return message.int(14, 1);
}

function port({ name, type, shape }: Port): Message {
  const dimension = (length: number | string | undefined) =>
    length === undefined ? new Message() : typeof length === 'number' ? new Message().int(1, length) : new Message().text(2, length);
  const tensor = new Message().int(1, types[type]);
  if (shape)
    tensor.message(
      2,
      shape.reduce((all, length) => all.message(1, dimension(length)), new Message()),
    );
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

function graph({ name, nodes, initializers, inputs, outputs }: Body): Message {
  const message = new Message();
  for (const one of nodes) message.message(1, node(one));
  message.text(2, name);
  for (const one of initializers) message.message(5, initializer(one));
  for (const one of inputs) message.message(11, port(one));
  for (const one of outputs) message.message(12, port(one));
  return message;
}

/** The version of the format that came with each set of operators. */
const formats: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11 };

/** The sets of operators that are written. */
export const opsets = Object.keys(formats).map(Number);

/** The bytes of a file. */
export function modelBytes(body: Body, opset: number): Uint8Array {
  return new Message()
    .int(1, formats[opset] as number)
    .text(2, 'saccade')
    .message(7, graph(body))
    .message(8, new Message().text(1, '').int(2, opset))
    .joined();
}
