// Runs the bytes of a graph in ONNX Runtime.
import { createRequire } from 'node:module';
import type { DType } from '../../../src/runtime/backend.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/** What is used of `onnxruntime-node`, which has its package beside this file. */
interface Runtime {
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
  InferenceSession: {
    create(
      graph: Uint8Array | string,
      options?: object,
    ): Promise<{
      run(feeds: Record<string, unknown>): Promise<Record<string, { data: ArrayLike<number>; dims: number[]; type: string }>>;
      release(): Promise<void>;
    }>;
  };
}

const runtime = createRequire(import.meta.url)('onnxruntime-node') as Runtime;

/** The outputs of a graph, by name. */
export async function outputsOf(
  graph: Uint8Array | string,
  inputs: Readonly<Record<string, Tensor>>,
  options: object = {},
): Promise<Record<string, Tensor>> {
  const session = await runtime.InferenceSession.create(graph, { logSeverityLevel: 3, ...options });
  const feeds = Object.entries(inputs).map(([name, x]) => {
    const elements = x.toArray();
    const data =
      x.dtype === 'bool' ? Uint8Array.from(elements) : x.dtype === 'int32' ? Int32Array.from(elements) : Float32Array.from(elements);
    return [name, new runtime.Tensor(x.dtype, data, x.shape)] as const;
  });
  try {
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims, type }]) => [
        name,
        tensor(Float64Array.from(data), { shape: dims, dtype: type as DType }),
      ]),
    );
  } finally {
    await session.release();
  }
}
