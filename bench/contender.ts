// The contenders that alternate in a round: Saccade, the machine's limit, and peers (bench/peers/).
import { type Backend, scope, type Tensor } from 'saccade';
import { withBackend } from 'saccade/reference';
import type { Task } from './case.ts';

/** A contender, which does a case's work. */
export interface Contender {
  name: string;
  /** Milliseconds per call, over this many calls. */
  time: (calls: number) => number | Promise<number>;
}

/** A peer prepared for one task; `result` if it can be compared with ours. */
export interface Prepared {
  time: Contender['time'];
  result?: () => Promise<ArrayLike<number>>;
  close?: () => void;
}

/** A library measured beside ours. `native` ones (not wasm) are reported but count for no target. */
export interface Peer {
  name: string;
  native: boolean;
  /** `undefined` for a task that it cannot do. `inputs` are the values of the task's operands. */
  prepare: (task: Task, inputs: Float32Array[]) => Promise<Prepared | undefined>;
  close?: () => void;
}

/** The clock, in milliseconds. */
export type Clock = () => number;

/** What passes on the wall. */
export const elapsed: Clock = () => performance.now();

/** CPU time of this process, including its helper threads; other processes on the machine do not lengthen it. */
export const computing: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

let now = elapsed;

/** Makes this clock the one that times everything. */
export function timeBy(clock: Clock): void {
  now = clock;
}

/** The time of that clock: it may be chosen after this is given to someone. */
export const currently: Clock = () => now();

/** Milliseconds per call of one run of `calls` calls. */
export function timed(run: () => void, calls: number): number {
  const start = now();
  for (let i = 0; i < calls; i++) run();
  return (now() - start) / calls;
}

/** Saccade on a backend: results are freed after each call, operands when the case ends. */
export function ours(name: string, on: Backend, setup: () => () => Tensor): Contender {
  const call = withBackend(on, setup);
  const run = () => call().storage.free();
  return { name, time: (calls) => withBackend(on, () => scope(() => timed(run, calls))) };
}
