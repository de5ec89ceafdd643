// Who takes turns in a round: Saccade, the machine's limit, and peers (bench/peers/).
import { type Backend, scope, type Tensor } from 'saccade';
import { withBackend } from 'saccade/reference';
import type { Task } from './case.ts';

/** One who does a case's work. */
export interface Contender {
  name: string;
  /** Milliseconds of one call, over that many of them. */
  time: (calls: number) => number | Promise<number>;
}

/** A peer made ready for one task; `result`, where it can be compared with ours. */
export interface Prepared {
  time: Contender['time'];
  result?: () => Promise<ArrayLike<number>>;
  close?: () => void;
}

/** A library measured beside ours. `native` ones (not wasm) are told, and count for no target. */
export interface Peer {
  name: string;
  native: boolean;
  /** `undefined` for a task it cannot do. `inputs` are the values of the task's operands. */
  prepare: (task: Task, inputs: Float32Array[]) => Promise<Prepared | undefined>;
  close?: () => void;
}

/** What time is told by, in milliseconds. */
export type Clock = () => number;

/** What passes on the wall. */
export const elapsed: Clock = () => performance.now();

/** What this process has spent computing, which others on the same processor do not lengthen. Its helper threads count too. */
export const computing: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

let now = elapsed;

/** Has everything timed by this clock from now on. */
export function timeBy(clock: Clock): void {
  now = clock;
}

/** Milliseconds of one run, over `calls` of them. */
export function timed(run: () => void, calls: number): number {
  const start = now();
  for (let i = 0; i < calls; i++) run();
  return (now() - start) / calls;
}

/** Ours on a backend: results are freed as each call ends, operands when the bench lets go of them. */
export function ours(name: string, on: Backend, setup: () => () => Tensor): Contender {
  const call = withBackend(on, setup);
  const run = () => call().storage.free();
  return { name, time: (calls) => withBackend(on, () => scope(() => timed(run, calls))) };
}
