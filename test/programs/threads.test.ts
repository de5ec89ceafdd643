import { afterAll, describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { type Backend, withBackend } from '../../src/runtime/backend.ts';
import { poolOf, sleepy } from '../runtime/pool.ts';
import { Execution } from './execute.ts';
import { drawn, sample } from './fuzz.ts';
import type { Program } from './program.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
let pieces = 0;
const shared = await poolOf(3, { caller: (kernels) => sleepy(kernels, () => pieces++) });
const alone = await saccade.wasmBackend();
afterAll(() => shared.pool.close());

/** Before memory is counted, the workers get as much scratch as any of the programs asks for. */
withBackend(shared.on, () => saccade.scope(() => saccade.matmul(saccade.ones([256, 256]), saccade.ones([256, 2048]))));

/** A line for every tensor that a program makes, gradients too: its name and its bits. At last why it ended early, if it did. */
function bits(on: Backend, program: Program): string[] {
  const lines: string[] = [];
  const told = (called: string, tensor: saccade.Tensor) => lines.push(`${called} ${new Int32Array(tensor.toArray().buffer).join()}`);
  try {
    withBackend(on, () => new Execution(saccade, told).run(program));
  } catch (error) {
    lines.push(String(error));
  }
  return lines;
}

describe(`programs drawn from SEED=${seed}`, () => {
  it('have the bits of one thread on three', () => {
    let tensors = 0;
    for (const rounds of sample(150, seed)) {
      const program = drawn(saccade, rounds);
      const wanted = bits(alone, program);
      const got = bits(shared.on, program);
      tensors += wanted.length;
      const differing = wanted.findIndex((line, i) => line !== got[i]);
      expect([wanted[differing], got.length], 'the first tensor that differs').toEqual([got[differing], wanted.length]);
    }
    expect([tensors > 500, pieces > 500]).toEqual([true, true]);
  });
});
