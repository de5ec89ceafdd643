// ONNX Runtime: its wasm build, and its native one for orientation.
import { runner } from './onnx.mjs';

/** SIMD, one thread. */
export async function startWeb(now) {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  // Its first session creates a global Worker, from which jax-js would conclude that this process has threads.
  const warmUp = { op: 'exp', shapes: [[1]] };
  (await (await runner('', false, ort, {}).prepare(warmUp, [Float32Array.of(0)])).close)();
  Reflect.deleteProperty(globalThis, 'Worker');
  return runner(`ORT Web ${ort.env.versions.web}`, false, ort, { executionProviders: ['wasm'] }, now);
}

/** One thread. */
export async function startNative(now) {
  const ort = (await import('onnxruntime-node')).default;
  return runner(`ORT native ${ort.env.versions.node}`, true, ort, { intraOpNumThreads: 1, interOpNumThreads: 1 }, now);
}
