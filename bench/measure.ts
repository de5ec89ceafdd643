import { noGrad, scope, type Tensor, tensor } from 'saccade';
import { referenceBackend, withBackend } from 'saccade/reference';
import type { Case } from './case.ts';
import { bandwidthLimit, computeLimit } from './limit.ts';

export interface Result {
  family: string;
  case: string;
  unit: string;
  /** Best of the rounds. */
  value: number;
  median: number;
  /** The machine's own, best of the same rounds. */
  limit: number;
  fraction: number;
  /** The same work by others, where bench/peers measured it. */
  peers: Record<string, number>;
}

/** Rounds, each of the limit and then of the case. */
const ROUNDS = 21;
/** Least milliseconds one timing takes. */
const SPAN = 4;

/** Fixed values in [-1, 1). */
function drawn(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >> 8) / 2 ** 23;
  });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((p, q) => p * q, 1);

/** Fails unless the case's result is that of the same call in float64. */
function verify(family: string, item: Case): void {
  const call = () =>
    scope(() => {
      const inputs = item.inputs.map((shape, i) => tensor(drawn(sizeOf(shape), i + 1), { shape }));
      return noGrad(() => item.f(...inputs)).toArray();
    });
  const wanted = withBackend(referenceBackend(), call);
  const got = call();
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const value = wanted[i] as number;
    scale = Math.max(scale, Math.abs(value));
    const difference = Math.abs((got[i] as number) - value);
    if (!(difference <= worst)) worst = difference;
  }
  if (!(worst <= item.tolerance * scale) || got.length !== wanted.length) {
    throw new Error(`${family} ${item.name}: must be within ${item.tolerance * scale} of float64, got ${worst} off`);
  }
}

/** Milliseconds of one call, over `calls` of them. */
function timed(run: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return (performance.now() - start) / calls;
}

/** Calls that take {@link SPAN} together; warms up on the way. */
function callsFor(run: () => void): number {
  let calls = 1;
  while (timed(run, calls) * calls < SPAN && calls < 2 ** 20) calls *= 2;
  return calls;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** Verifies a case, then times it in turns with the machine's limit. */
export function measure(family: string, item: Case): Result {
  verify(family, item);
  return scope(() => {
    const inputs: Tensor[] = item.inputs.map((shape, i) => tensor(drawn(sizeOf(shape), i + 1), { shape }));
    const run = () => void item.f(...inputs).storage.free();
    const limit = item.bound === 'compute' ? computeLimit(item.work) : bandwidthLimit(item.work);
    const calls = [callsFor(limit.run), callsFor(run)] as const;
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      times[0].push(timed(limit.run, calls[0]));
      times[1].push(timed(run, calls[1]));
    }
    const value = item.work / Math.min(...times[1]) / 1e6;
    const most = limit.work / Math.min(...times[0]) / 1e6;
    return {
      family,
      case: item.name,
      unit: item.bound === 'compute' ? 'GFLOP/s' : 'GB/s',
      value,
      median: item.work / median(times[1]) / 1e6,
      limit: most,
      fraction: value / most,
      peers: {},
    };
  });
}
