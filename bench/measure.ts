import { type Backend, backend, scope } from 'saccade';
import { type Bound, type Case, drawn, type Figure, resultOf, sizeOf } from './case.ts';
import { type Contender, ours, type Peer, type Prepared, timed } from './contender.ts';
import type { Limit } from './limit.ts';

/** One line of the report. Lower is better for times, higher for rates. */
export interface Result {
  family: string;
  case: string;
  unit: string;
  /** Best of the rounds. */
  value: number;
  median: number;
  /** The machine's limit, best of the same rounds; `null` if none applies. */
  limit: number | null;
  fraction: number | null;
  /** The same work by peers, best of the same rounds. */
  peers: Record<string, number>;
  /** What came of it besides. */
  said?: string;
}

/** What a run measures with. */
export interface Field {
  limit: (bound: Bound, work: number) => Limit;
  /** Further backends of ours in every case: one thread beside several, the deterministic build beside the relaxed. */
  baselines: readonly { name: string; backend: Backend }[];
  peers: readonly Peer[];
}

/** Rounds per contender: as many as fit in {@link BUDGET}, within these bounds. */
const ROUNDS = { most: 25, least: 3 };
/** Milliseconds for the rounds of one contender. */
const BUDGET = 2000;
/** Minimal milliseconds of one timing. */
const SPAN = 4;
/**
 * The largest difference of a peer's result from ours, relative to the largest element: it shows that the work is the same, not its
 * accuracy.
 */
const PEER_TOLERANCE = 1e-3;

/** The largest difference of two results relative to the largest element; NaN counts as infinitely far. */
export function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    scale = Math.max(scale, Math.abs(wanted[i] as number));
    const difference = Math.abs((got[i] as number) - (wanted[i] as number));
    worst = difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst === 0 ? 0 : worst / scale;
}

/** Throws unless the case's result equals that of plain float64. */
export function verify(family: string, item: Case): void {
  const { got, wanted } = scope(item.proof);
  const off = distance(got, wanted);
  if (!(off <= item.tolerance)) throw new Error(`${family} ${item.name}: must be within ${item.tolerance} of float64, got ${off}`);
}

/** The number of calls that take {@link SPAN} together, and their time; it warms up the code. */
async function callsFor(contender: Contender): Promise<{ calls: number; span: number }> {
  for (let calls = 1; ; calls *= 2) {
    const span = (await contender.time(calls)) * calls;
    if (span >= SPAN || calls >= 2 ** 20) return { calls, span };
  }
}

/** Milliseconds per call of each contender. They alternate round by round; slow ones skip the last rounds. */
async function rounds(contenders: readonly Contender[]): Promise<number[][]> {
  const plans = [];
  for (const contender of contenders) {
    const { calls, span } = await callsFor(contender);
    const count = Math.min(ROUNDS.most, Math.max(ROUNDS.least, Math.floor(BUDGET / span)));
    plans.push({ contender, calls, count, times: [] as number[] });
  }
  for (let i = 0; i < ROUNDS.most; i++) {
    for (const { contender, times, calls, count } of plans) if (i < count) times.push(await contender.time(calls));
  }
  return plans.map(({ times }) => times);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

const rates: Record<Bound, string> = { compute: 'GFLOP/s', copy: 'GB/s', read: 'GB/s', fill: 'GB/s', exp: 'Gelement/s' };

/** Prepares each peer that can do the case; throws if its result differs from ours. */
async function ready(family: string, item: Case, peers: readonly Peer[]): Promise<(Contender & Prepared)[]> {
  const { task } = item;
  if (!task) return [];
  const inputs = task.shapes.map((shape, i) => drawn(sizeOf(shape), i + 1));
  const able = [];
  for (const { name, prepare } of peers) {
    const peer = await prepare(task, inputs);
    if (!peer) continue;
    let result: Awaited<ReturnType<NonNullable<Prepared['result']>>> | undefined;
    try {
      result = await peer.result?.();
    } catch (error) {
      console.error(`${family} ${item.name}: ${name} cannot: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    const off = result ? distance(result, resultOf(item.setup)) : 0;
    if (!(off <= PEER_TOLERANCE)) throw new Error(`${family} ${item.name}: ${name} must give what we give, got ${off} off`);
    able.push({ ...peer, name });
  }
  return able;
}

/** Verifies a case, then times it, alternating with the machine's limit and the peers. */
export async function measure(family: string, item: Case, field: Field): Promise<Result> {
  verify(family, item);
  const { unit, work } = item;
  const limit = item.bound && field.limit(item.bound, work);
  const own = ours('saccade', backend(), item.setup);
  const others = field.baselines.map(({ name, backend }) => ours(name, backend, item.setup));
  const peers = await ready(family, item, field.peers);
  const bound: Contender[] = limit ? [{ name: 'limit', time: (calls) => timed(limit.run, calls) }] : [];
  const times = await rounds([own, ...others, ...peers, ...bound]);
  for (const peer of peers) peer.close?.();

  const told = (milliseconds: number) =>
    unit === 'ms' ? milliseconds : unit === 'µs' ? (1000 * milliseconds) / work : work / milliseconds / 1e6;
  const best = times.map((of) => Math.min(...of));
  const [value = 0] = best;
  const least = limit ? ((best.at(-1) as number) * work) / limit.work : null; // milliseconds at the limit
  return {
    family,
    case: item.name,
    unit: unit ?? (item.bound ? rates[item.bound] : 'Gop/s'),
    value: told(value),
    median: told(median(times[0] as number[])),
    limit: least === null ? null : told(least),
    fraction: least === null ? null : least / value,
    peers: Object.fromEntries([...others, ...peers].map(({ name }, i) => [name, told(best[i + 1] as number)])),
  };
}

/** Measures a figure round by round. */
export async function observe(family: string, figure: Figure): Promise<Result> {
  const { name, unit, rounds, once, less = () => 0 } = figure;
  const [values, others]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    values.push(await once());
    others.push(await less());
  }
  const value = Math.min(...values) - Math.min(...others);
  const result = { family, case: name, unit, value, median: median(values) - median(others), limit: null, fraction: null, peers: {} };
  return figure.note ? { ...result, said: figure.note() } : result;
}
