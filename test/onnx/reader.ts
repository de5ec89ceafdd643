// Reads the bytes of a graph with somebody else's reader, whose package is beside this file.
import { createRequire } from 'node:module';

/** A message as the reader gives it, so far as the tests look. */
export interface Read {
  irVersion: number;
  producerName: string;
  opsetImport: { domain: string; version: number }[];
  graph: ReadGraph;
}

export interface ReadGraph {
  name: string;
  node: { name: string; opType: string; input: string[]; output: string[]; attribute: ReadAttribute[] }[];
  initializer: ReadTensor[];
  input: ReadPort[];
  output: ReadPort[];
}

export interface ReadAttribute {
  name: string;
  type: string;
  i?: number;
  f?: number;
  s?: string;
  ints?: number[];
  g?: ReadGraph;
}

export interface ReadTensor {
  name: string;
  dims: number[];
  dataType: number;
  rawData?: Uint8Array;
  externalData?: { key: string; value: string }[];
  dataLocation?: string;
}

export interface ReadPort {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

interface Reader {
  onnx: {
    ModelProto: {
      decode(bytes: Uint8Array): unknown;
      verify(message: unknown): string | null;
      toObject(message: unknown, options: object): Read;
    };
  };
}

const { onnx } = createRequire(import.meta.url)('onnx-proto') as Reader;

/** The file as plain objects: 64-bit numbers as numbers, enumerations by name. */
export function readOnnx(bytes: Uint8Array): Read {
  const message = onnx.ModelProto.decode(bytes);
  const wrong = onnx.ModelProto.verify(message);
  if (wrong) throw new Error(`readOnnx: bytes must be a model, got ${wrong}`);
  return onnx.ModelProto.toObject(message, { longs: Number, enums: String, arrays: true });
}
