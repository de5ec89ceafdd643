// What functions of memories refuse: every way in which their operands do not go together, word for word.
import { describe, expect, it } from 'vitest';
import * as memory from '../../src/memory/index.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Call = (...args: unknown[]) => unknown;
const all = memory as unknown as Record<string, Call>;
const x = (...shape: number[]) => full(shape, 0.5);
const int = (...shape: number[]) => full(shape, 1, 'int32');

const heads = (changed: object = {}) => ({ written: x(2, 1, 4), read: x(2, 3, 4), free: x(2, 3), ...changed });
const links = (changed: object = {}) => ({ links: x(2, 4, 4), precedence: x(2, 4), ...changed });
const stages = { key: x(2, 3, 5), strength: x(2, 3), gate: x(2, 3), shift: x(2, 3, 3) };

/** The function, its arguments, and what it says. */
const refused: [name: string, args: unknown[], message: string][] = [
  ['contentWeights', [int(2, 4, 5), x(2, 3, 5), x(2, 3)], 'memory must be float32, got int32'],
  ['contentWeights', [x(2, 4, 5), int(2, 3, 5), x(2, 3)], 'key must be float32, got int32'],
  ['contentWeights', [x(2, 4, 5), x(2, 3, 5), int(2, 3)], 'strength must be float32, got int32'],
  ['contentWeights', [x(2, 4), x(2, 3, 5), x(2, 3)], 'memory must be [B, N, W], got [2, 4]'],
  ['contentWeights', [x(2, 4, 5, 1), x(2, 3, 5), x(2, 3)], 'memory must be [B, N, W], got [2, 4, 5, 1]'],
  ['contentWeights', [x(2, 4, 5), x(3, 3, 5), x(3, 3)], 'key must be [2, H, 5], got [3, 3, 5]'],
  ['contentWeights', [x(2, 4, 5), x(2, 3, 6), x(2, 3)], 'key must be [2, H, 5], got [2, 3, 6]'],
  ['contentWeights', [x(2, 4, 5), x(2, 3, 5, 1), x(2, 3)], 'key must be [2, H, 5], got [2, 3, 5, 1]'],
  ['contentWeights', [x(2, 4, 5), x(2, 3, 5), x(2, 4)], 'strength must be [2, 3], got [2, 4]'],
  ['interpolateWeights', [int(2, 3, 4), x(2, 3, 4), x(2, 3)], 'content must be float32, got int32'],
  ['interpolateWeights', [x(2, 3, 4), int(2, 3, 4), x(2, 3)], 'previous must be float32, got int32'],
  ['interpolateWeights', [x(2, 3, 4), x(2, 3, 4), int(2, 3)], 'gate must be float32, got int32'],
  ['interpolateWeights', [x(3, 4), x(2, 3, 4), x(2, 3)], 'content must be [B, H, N], got [3, 4]'],
  ['interpolateWeights', [x(2, 3, 0), x(2, 3, 0), x(2, 3)], 'content must be [B, H, N], got [2, 3, 0]'],
  ['interpolateWeights', [x(2, 3, 4), x(2, 3, 4, 1), x(2, 3)], 'previous must be [B, H, N], got [2, 3, 4, 1]'],
  ['interpolateWeights', [x(2, 3, 4), x(1, 3, 4), x(2, 3)], 'weights must have one shape, got [2, 3, 4] and [1, 3, 4]'],
  ['interpolateWeights', [x(2, 3, 4), x(2, 3, 4), x(1, 3)], 'gate must be [2, 3], got [1, 3]'],
  ['shiftWeights', [int(2, 3, 4), x(2, 3, 3)], 'weights must be float32, got int32'],
  ['shiftWeights', [x(2, 3, 4), int(2, 3, 3)], 'shift must be float32, got int32'],
  ['shiftWeights', [x(2, 3, 4), x(3, 3)], 'shift must be [B, H, N], got [3, 3]'],
  ...[x(1, 3, 3), x(2, 1, 3), x(2, 3, 2), x(2, 3, 5)].map((shift): [string, unknown[], string] => [
    'shiftWeights',
    [x(2, 3, 4), shift],
    `shift must be [2, 3, 2r + 1] with at most 4 moves, got [${shift.shape.join(', ')}]`,
  ]),
  ['sharpenWeights', [int(2, 3, 4), x(2, 3)], 'weights must be float32, got int32'],
  ['sharpenWeights', [x(2, 3, 4), int(2, 3)], 'sharpness must be float32, got int32'],
  ['sharpenWeights', [x(2, 3, 4), x(2, 3, 1)], 'sharpness must be [2, 3], got [2, 3, 1]'],
  [
    'addressMemory',
    [x(2, 4, 5), x(2, 3, 4), stages],
    'addressing must be an object with [key, strength, gate, shift, sharpness], got an object',
  ],
  ['readMemory', [int(2, 4, 5), x(2, 3, 4)], 'memory must be float32, got int32'],
  ['readMemory', [x(2, 4, 5), int(2, 3, 4)], 'weights must be float32, got int32'],
  ...[x(2, 4), x(2, 4, 5, 1), x(1, 4, 5), x(2, 3, 5)].map((kept): [string, unknown[], string] => [
    'readMemory',
    [kept, x(2, 3, 4)],
    `memory must be [2, 4, W], got [${kept.shape.join(', ')}]`,
  ]),
  ['writeMemory', [x(2, 4, 5), int(2, 3, 4), x(2, 3, 5), x(2, 3, 5)], 'weights must be float32, got int32'],
  ['writeMemory', [x(2, 4, 5), x(2, 3, 4), int(2, 3, 5), x(2, 3, 5)], 'erase must be float32, got int32'],
  ['writeMemory', [x(2, 4, 5), x(2, 3, 4), x(2, 3, 5), int(2, 3, 5)], 'addition must be float32, got int32'],
  ...(
    [
      [x(2, 6, 5), x(2, 3, 5), x(2, 3, 5)],
      [x(2, 4, 5), x(2, 1, 5), x(2, 3, 5)],
      [x(2, 4, 5), x(2, 3, 5), x(2, 1, 5)],
    ] as [Tensor, Tensor, Tensor][]
  ).map(([kept, erase, addition]): [string, unknown[], string] => [
    'writeMemory',
    [kept, x(2, 3, 4), erase, addition],
    `memory, erase and addition must be of 4 cells and 3 heads, got ${[kept, erase, addition].map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}`,
  ]),
  ['memoryUsage', [x(2, 4), 5], 'heads must be an object with [written, read, free], got 5'],
  ['memoryUsage', [x(2, 4, 1), heads()], 'previous must be [B, N], got [2, 4, 1]'],
  ['memoryUsage', [x(2, 4), heads({ written: x(2, 1, 5) })], 'written must be [2, writes, 4], got [2, 1, 5]'],
  ['memoryUsage', [x(2, 4), heads({ read: x(1, 3, 4) })], 'read must be [2, reads, 4], got [1, 3, 4]'],
  ['memoryUsage', [x(2, 4), heads({ free: x(2, 2) })], 'free must be [2, 3], got [2, 2]'],
  ['allocationWeights', [x(4)], 'usage must be [B, N], got [4]'],
  ['linkMemory', [5, x(2, 4)], 'memory must be an object with [links, precedence], got 5'],
  ['linkMemory', [links(), x(4)], 'written must be [B, N], got [4]'],
  ['linkMemory', [links({ links: x(2, 4, 5) }), x(2, 4)], 'links must be [2, 4, 4], got [2, 4, 5]'],
  ['linkMemory', [links({ precedence: x(2, 5) }), x(2, 4)], 'precedence must be [2, 4], got [2, 5]'],
  ['followLinks', [x(2, 4, 5), x(2, 3, 4)], 'links must be [B, N, N], got [2, 4, 5]'],
  ['followLinks', [x(2, 4, 4), x(1, 3, 4)], 'weights must be [2, H, 4], got [1, 3, 4]'],
  ['tapeView', [x(2), 4], 'places must be int32, got float32'],
  ['tapeView', [int(2, 1), 4], 'places must be int32 [B], got [2, 1]'],
  ['tapeView', [int(2), 0], 'cells must be a whole number from 1, got 0'],
  ['readTape', [int(2, 4, 5), x(2, 1, 4)], 'tape must be float32, got int32'],
  ['readTape', [x(2, 4, 5), int(2, 1, 4)], 'view must be float32, got int32'],
  ...(
    [
      [x(2, 4), x(2, 1, 4)],
      [x(2, 4, 5, 1), x(2, 1, 4)],
      [x(2, 4, 5), x(2, 1, 4, 1)],
      [x(2, 4, 5), x(1, 1, 4)],
      [x(2, 4, 5), x(2, 1, 3)],
    ] as [Tensor, Tensor][]
  ).map(([tape, view]): [string, unknown[], string] => [
    'readTape',
    [tape, view],
    `tape must be [B, N, W] and view [2, view, 4], got [${tape.shape.join(', ')}] and [${view.shape.join(', ')}]`,
  ]),
  ['moveHeads', [x(2), int(2), 4], 'places must be int32, got float32'],
  ['moveHeads', [int(2), x(2), 4], 'moves must be int32, got float32'],
  ['moveHeads', [int(2), int(3), 4], 'moves must be [2], got [3]'],
  ['moveHeads', [int(2), int(2), 0], 'cells must be a whole number from 1, got 0'],
];

describe('memories refuse', () => {
  it.each(refused)('%s %#', (name, args, message) => {
    expect(() => all[name]?.(...args)).toThrow(`${name}: ${message}`);
  });

  it('places beyond a circle, and take them on a tape without ends', () => {
    const far = tensor(Int32Array.of(4, 0));
    expect(() => memory.tapeView(far, 4, { circular: true })).toThrow('tapeView: places must be ');
    expect([...memory.tapeView(far, 4).toArray()]).toEqual([0, 0, 0, 0, 1, 0, 0, 0]);
    expect(() => memory.moveHeads(far, int(2), 4)).toThrow('moveHeads: places must be ');
  });

  it('and take as many moves as there are cells, of one head', () => {
    const weights = tensor([[[0.5, 0.25, 0.25]]]);
    const moved = memory.shiftWeights(weights, tensor([[[0, 0, 1]]])); // all one cell on
    expect([...moved.toArray()]).toEqual([0.25, 0.5, 0.25]);
    expect([...memory.shiftWeights(weights, tensor([[[0.5]]])).toArray()]).toEqual([0.25, 0.125, 0.125]);
  });
});
