// Workers that end, are late, or are let go when nobody expects them any more.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { add } from '../../src/ops/index.ts';
import { type Backend, type Kernels, withBackend } from '../../src/runtime/backend.ts';
import { Heap } from '../../src/runtime/heap.ts';
import { info } from '../../src/runtime/info.ts';
import { init } from '../../src/runtime/init.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Manner, poolOf, type Shared } from './pool.ts';

/** What the worker does before each piece (see unruly-worker.mjs). */
const order = { free: 0, hold: 1, exit: 2, slow: 3, trap: 4 };
/** Words of the block through which it is told, and tells. */
const [ORDER, BEGUN, GO, ENDED] = [0, 1, 2, 3] as const;

const N = 40_000;
const PATTERN = 0x5ca1ab1e;
const alone = await wasmBackend();
const pools: Shared[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const { pool, on } of pools.splice(0)) {
    on.view(1024, 16, 'int32').fill(1); // whoever is held may go
    pool.abandon('the test has ended');
  }
});

/** A pool of two threads. The caller begins its pieces when the worker, if it has an order, has begun one. */
async function unruly(manner: Manner = {}) {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let words: Int32Array = new Int32Array(16);
  const late =
    (kernel: (...args: number[]) => void) =>
    (...args: number[]) => {
      for (let naps = 0; naps < 400 && words[ORDER] !== order.free && Atomics.load(words, BEGUN) === 0; naps++) Atomics.wait(nap, 0, 0, 5);
      kernel(...args);
    };
  const caller = (kernels: Kernels) =>
    Object.fromEntries(Object.entries(kernels).map(([name, kernel]) => [name, typeof kernel === 'function' ? late(kernel) : kernel]));
  const worker = new URL('./unruly-worker.mjs', import.meta.url);
  const shared = await poolOf(2, { worker, caller: (kernels) => caller(kernels) as unknown as Kernels, ...manner });
  pools.push(shared);
  const { on, pool } = shared;
  expect(on.heap.allocate(64), 'the first block').toBe(1024);
  words = on.view(1024, 16, 'int32') as Int32Array;
  const tell = (what: number) => words.fill(0).fill(what, ORDER, 1);
  tell(order.free);
  return { on, pool, tell, words };
}

/** A block of N elements. */
function block(on: Backend, value: (i: number) => number): number {
  const at = on.heap.allocate(Heap.capacity(4 * N));
  on.view(at, N, 'float32').set(Float32Array.from({ length: N }, (_, i) => value(i)));
  return at;
}

const bits = (on: Backend, at: number) => (on.view(at, N, 'int32') as Int32Array).slice();

/** e^x of N values: the call, and whether its result is right. */
function exponentials(on: Backend) {
  const value = (i: number) => i / N;
  const [x, out] = [block(on, value), block(on, () => 0)];
  const [theirs, wanted] = [block(alone, value), block(alone, () => 0)];
  alone.kernels.exp(wanted, theirs, N);
  const call = () => on.kernels.exp(out, x, N);
  const right = () => {
    const want = bits(alone, wanted);
    const same = bits(on, out).every((word, i) => word === want[i]);
    on.view(out, N, 'float32').fill(0);
    return same;
  };
  return { out, call, right };
}

/** Live tensors, which nothing may write to. */
function bystanders(on: Backend) {
  const blocks = Array.from({ length: 20 }, () => block(on, () => 0));
  for (const at of blocks) on.view(at, N, 'int32').fill(PATTERN);
  return () => blocks.every((at) => bits(on, at).every((word) => word === PATTERN));
}

/** Until the pool knows that a worker's thread has ended. */
async function lost({ pool }: Pick<Shared, 'pool'>) {
  for (let turn = 0; turn < 1000 && pool.lost === undefined; turn++) await pause(10);
  return pool.lost;
}

describe('a worker that has ended', () => {
  it('between two calls leaves one thread that goes on, and info says so', async () => {
    const shared = await unruly();
    const { on, pool } = shared;
    const { call, right } = exponentials(on);
    const intact = bystanders(on);
    const worker = (pool as unknown as { workers: { stop(): void }[] }).workers[0];
    worker?.stop();
    call(); // at once, when nothing is known yet
    expect(right()).toBe(true);
    expect(await lost(shared)).toBe('an exit with code 1');
    call();
    expect([right(), intact()]).toEqual([true, true]);
    const { threads, why } = withBackend(on, info);
    expect([threads, why.threads]).toEqual([1, '2 asked for; the workers are gone: an exit with code 1']);
  });

  it('in the middle of a piece costs nothing: the call is made again', async () => {
    const { on, pool, tell, words } = await unruly();
    const { call, right } = exponentials(on);
    const intact = bystanders(on);
    tell(order.exit);
    call();
    expect([words[BEGUN], words[ENDED], right(), intact()]).toEqual([1, 0, true, true]);
    expect(pool.lost).toBe('one ended in the middle of a call');
    call();
    expect([words[BEGUN], right()]).toEqual([1, true]);
  });

  it('in the middle of an update in place is an error, since half of it is done; all else lives', async () => {
    const { on, tell } = await unruly();
    const { call, right } = exponentials(on);
    const p = block(on, () => 1);
    const intact = bystanders(on);
    tell(order.exit);
    const late = /^threads: a worker ended in the middle of a call; compute the results of this affine again, since they are lost/;
    expect(() => on.kernels.affine(p, p, N, 2, 0)).toThrow(late);
    expect(intact()).toBe(true);
    call();
    expect(right()).toBe(true);
  });

  it('with an error of a kernel is told', async () => {
    const { on, tell } = await unruly();
    const { call, right } = exponentials(on);
    tell(order.trap);
    expect(call).toThrow('threads: a kernel must not fail, got Error: a trap in a worker');
    tell(order.free);
    call();
    expect(right()).toBe(true);
  });
});

describe('init after a worker has ended', () => {
  it('leaves every tensor alive, unless it asks for threads', async () => {
    const started = vi.spyOn(Worker.prototype, 'postMessage');
    const worker = new URL('../../dist/worker.js', import.meta.url);
    await init({ threads: 2, worker });
    const x = tensor([1, 2, 3]);
    await (started.mock.contexts[0] as Worker).terminate();
    await init();
    expect([info().threads, ...add(x, 1).toArray()]).toEqual([1, 2, 3, 4]);
    await init({ threads: 2, worker });
    expect(info().threads).toBe(2);
    expect(() => add(x, 1)).toThrow('init({ threads, worker })');
    await init({ threads: 1 });
  });
});

describe('a worker that does not answer', () => {
  it('is ended where the runtime can tell that it has, and the call is made again', async () => {
    const { on, pool, tell, words } = await unruly({ patience: 300 });
    const { call, right } = exponentials(on);
    const intact = bystanders(on);
    tell(order.hold);
    call();
    expect([words[BEGUN], words[ENDED], right(), intact()]).toEqual([1, 0, true, true]);
    expect(pool.lost).toBe('one gave no answer in 0.3 s');
  });

  for (const mayWait of [true, false]) {
    it(`and cannot be ended ${mayWait ? '' : 'on a page '}never meets anybody, however late it goes on`, async () => {
      vi.spyOn(Worker.prototype, 'terminate').mockImplementation(() => Promise.resolve(0)); // frozen from outside: it ends when it wakes
      const { on, pool, tell, words } = await unruly({ patience: 300, mayWait });
      const { out, call } = exponentials(on);
      const intact = bystanders(on);
      tell(order.hold);
      expect(call).toThrow('threads: a worker gave no answer in 0.3 s; compute the results of this exp again, since they are lost');
      expect(pool.lost).toBe('one gave no answer in 0.3 s');
      on.heap.free(out, Heap.capacity(4 * N)); // as the scope of a step does after an error
      const others = bystanders(on); // one of which would get that block
      const next = exponentials(on);
      next.call();
      expect(next.right()).toBe(true);
      const begun = Atomics.load(words, BEGUN);
      Atomics.store(words, GO, 1);
      Atomics.notify(words, GO);
      for (let turn = 0; turn < 2000 && Atomics.load(words, ENDED) === 0; turn++) await pause(5);
      await pause(50);
      expect([begun, words[BEGUN], words[ENDED]], 'one piece was begun and ended, and no other').toEqual([1, 1, 1]);
      expect([intact(), others()]).toEqual([true, true]);
      next.call();
      expect([next.right(), words[BEGUN]]).toEqual([true, 1]);
    });
  }
});

describe('a process that sleeps in the middle of a call', () => {
  it('goes on as if nothing had been, however long it slept', async () => {
    const { on, pool, tell, words } = await unruly({ patience: 6000 });
    const { call, right } = exponentials(on);
    const intact = bystanders(on);
    tell(order.slow); // for 1.5 s awake
    const began = Date.now();
    const stop = `sleep 0.4; kill -STOP ${process.pid}; sleep 8; kill -CONT ${process.pid}`;
    spawn('sh', ['-c', stop], { detached: true, stdio: 'ignore' }).unref();
    call();
    expect(Date.now() - began, 'milliseconds by the clock').toBeGreaterThan(8000);
    expect([right(), intact(), pool.lost, (words[ENDED] ?? 0) > 0]).toEqual([true, true, undefined, true]);
  });
});
