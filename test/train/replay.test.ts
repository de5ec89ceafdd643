// What a replay memory refuses, and that it is left as it was then.
import { describe, expect, it } from 'vitest';
import { key, Replay, type Tensor, tensor, zeros } from '../../src/all.ts';

const fields = { at: { shape: [2] }, action: { shape: [], dtype: 'int32' } } as const;
const steps = (...ids: number[]) => ({ at: tensor(ids.map((id) => [id, -id])), action: tensor(Int32Array.from(ids)) });
const filled = (capacity: number, ...ids: number[]) => {
  const replay = new Replay(fields, { capacity });
  replay.add(steps(...ids));
  return replay;
};
const held = (replay: Replay<typeof fields>) => [replay.size, ...replay.stateDict().values()].map(String);

it('needs a field', () => {
  expect(() => new Replay({}, { capacity: 3 })).toThrow('Replay: fields must hold at least one, got none');
  expect(() => new Replay(undefined as never, { capacity: 3 })).toThrow('Replay: fields must be an object, got undefined');
  expect(() => new Replay({ at: 5 } as never, { capacity: 3 })).toThrow('Replay: at must be an object, got 5');
  expect(() => new Replay({ at: {} } as never, { capacity: 3 })).toThrow('Replay: shape must be an array of whole numbers from 0');
  expect(() => new Replay({ at: { shape: [], typ: 1 } } as never, { capacity: 3 })).toThrow(
    'Replay: at must be among shape, dtype, got typ',
  );
  expect(() => new Replay(fields, { capacity: 3, size: 4 } as { capacity: number })).toThrow(
    'Replay: options must be among capacity, got size',
  );
});

describe('adding', () => {
  it.each<[string, object, string]>([
    ['another type', { ...steps(1), action: tensor([1]) }, 'Replay: action must be int32 [1], got '],
    ['another width', { ...steps(1), at: zeros([1, 3]) }, 'Replay: at must be float32 [1, 2], got '],
    ['another number of steps', { ...steps(1, 2), action: zeros([1], 'int32') }, 'Replay: action must be int32 [2], got '],
    ['a field left out', { at: zeros([1, 2]) }, 'Replay: action must be int32 [1], got nothing'],
    ['a list', { at: [[1, 2]], action: zeros([1], 'int32') }, 'Replay: at must be float32 [0, 2], got [an object]'],
    ['a field too many', { ...steps(1), more: zeros([1]) }, 'Replay: transitions must be among at, action, got more'],
    ['the first field left out', { action: zeros([1], 'int32') }, 'Replay: at must be float32 [0, 2], got nothing'],
  ])('refuses %s', (_, given, message) => {
    const replay = filled(4, 7, 8);
    const before = held(replay);
    expect(() => replay.add(given as ReturnType<typeof steps>)).toThrow(message);
    expect(held(replay)).toEqual(before);
  });

  it('takes no step, and more than there is room for, of which the last stay', () => {
    const replay = filled(2, 1);
    replay.add({ at: zeros([0, 2]), action: zeros([0], 'int32') });
    expect(replay.size).toBe(1);
    replay.add(steps(2, 3, 4, 5, 6));
    expect([...(replay.stateDict().get('action') as Tensor).toArray()].sort()).toEqual([5, 6]);
    expect(replay.size).toBe(2);
  });
});

describe('drawing', () => {
  it('is from the key: as many as are asked for, none too', () => {
    const replay = filled(4, 1, 2, 3, 4);
    const drawn = (seed: number, count = 30) => [...replay.sample(key(seed), count).action.toArray()];
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    expect(drawn(1, 0)).toEqual([]);
    expect(() => replay.sample(key(1), -1)).toThrow('Replay: count must be a whole number from 0, got -1');
    expect(() => replay.sample(key(1), 1.5)).toThrow('Replay: count must be a whole number from 0, got 1.5');
    expect(() => replay.sample(1 as never, 1)).toThrow('Replay: key must be made by key(seed), split or foldIn, got 1');
  });
});

describe('loading', () => {
  const dict = () => filled(3, 1, 2, 3, 4).stateDict();
  it.each<[string, (dict: Map<string, Tensor>) => unknown, string]>([
    ['a field of another type', (d) => d.set('action', zeros([3])), 'Replay: action must be '],
    ['a field of another shape', (d) => d.set('at', zeros([3, 3])), 'Replay: at must be '],
    ['a field too few', (d) => d.delete('at'), ', got nothing'],
    ['a field too many', (d) => d.set('more', zeros([3])), 'Replay: more must be absent, got '],
    ['a count below 0', (d) => d.set('added', tensor(-1, { dtype: 'int32' })), 'Replay: added must be from 0, got -1'],
  ])('refuses %s', (_, spoil, message) => {
    const replay = filled(3, 9);
    const [before, given] = [held(replay), dict()];
    spoil(given);
    expect(() => replay.loadStateDict(given)).toThrow(message);
    expect(held(replay)).toEqual(before);
  });

  it('takes one to which nothing was added', () => {
    const replay = filled(3, 9);
    replay.loadStateDict(new Replay(fields, { capacity: 3 }).stateDict());
    expect(replay.size).toBe(0);
    expect(() => replay.sample(key(1), 1)).toThrow('Replay: sample needs steps to draw from, got none');
  });
});
