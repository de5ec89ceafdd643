import { scope } from 'saccade';
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

/** Fails unless the case's result is that of the same call in float64. */
function verify(family: string, item: Case): void {
  const call = () =>
    scope(() => {
      const run = item.setup();
      for (let i = 1; i < (item.calls ?? 1); i++) scope(() => void run());
      return run().toArray();
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
    const call = item.setup();
    const run = () => void call().storage.free();
    const limit = item.bound === 'compute' ? computeLimit(item.work) : bandwidthLimit(item.work);
    const calls = [callsFor(limit.run), callsFor(run)] as const;
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      times[0].push(timed(limit.run, calls[0]));
      times[1].push(timed(run, calls[1]));
    }
    const told = (milliseconds: number) => (item.unit ? milliseconds : item.work / milliseconds / 1e6);
    const [limits, ours] = times;
    const best = Math.min(...ours);
    const least = (Math.min(...limits) * item.work) / limit.work; // milliseconds the limit would take
    return {
      family,
      case: item.name,
      unit: item.unit ?? (item.bound === 'compute' ? 'GFLOP/s' : 'GB/s'),
      value: told(best),
      median: told(median(ours)),
      limit: told(least),
      fraction: least / best,
      peers: {},
    };
  });
}
