import { describe, expect, it } from 'vitest';
import { allCommands, partsFor, splitFor } from '../../examples/recipes/scan/commands.ts';

const without = { hasData: false, path: (file: string) => file };

describe('the commands of SCAN', () => {
  const all = allCommands();

  it('are as many as the paper has, each another, of up to 9 words and 48 actions', () => {
    expect(new Set(all.map(({ command }) => command.join(' '))).size).toBe(20_910);
    expect(all.length).toBe(20_910);
    const longest = (lists: readonly string[][]) => lists.reduce((most, { length }) => Math.max(most, length), 0);
    expect(longest(all.map(({ command }) => command))).toBe(9);
    expect(longest(all.map(({ actions }) => actions))).toBe(48);
  });

  it.each([
    ['jump', 'I_JUMP'],
    ['turn opposite left', 'I_TURN_LEFT I_TURN_LEFT'],
    ['jump thrice', 'I_JUMP I_JUMP I_JUMP'],
    ['look around right', 'I_TURN_RIGHT I_LOOK I_TURN_RIGHT I_LOOK I_TURN_RIGHT I_LOOK I_TURN_RIGHT I_LOOK'],
    ['turn left and jump', 'I_TURN_LEFT I_JUMP'],
    ['run opposite left after walk right', 'I_TURN_RIGHT I_WALK I_TURN_LEFT I_TURN_LEFT I_RUN'],
    ['jump opposite left after walk around left twice', `${'I_TURN_LEFT I_WALK '.repeat(8)}I_TURN_LEFT I_TURN_LEFT I_JUMP`],
  ])('%s means %s', (command, actions) => {
    expect(all.find((one) => one.command.join(' ') === command)?.actions.join(' ')).toBe(actions);
  });

  it.each([
    ['simple', 16_728, 4182],
    ['length', 16_990, 3920],
    ['jump', 14_670, 7706],
  ] as const)('are split %s as the paper has them: %i and %i', (name, train, test) => {
    const split = splitFor(name, without);
    expect([split.train.length, split.test.length]).toEqual([train, test]);
    const known = new Set(split.train.map(({ command }) => command.join(' ')));
    expect(split.test.filter(({ command }) => known.has(command.join(' ')))).toEqual([]);
  });

  it('of the simple training part 1,000 choose and 2,000 are reported, neither of them learnt nor of the test part', () => {
    const parts = partsFor('simple', { ...without, quick: false });
    const names = (part: keyof typeof parts) => parts[part].map(({ command }) => command.join(' '));
    expect(Object.values(parts).map(({ length }) => length)).toEqual([1000, 2000, 13_728, 4182]);
    expect(new Set([...names('choice'), ...names('held'), ...names('train'), ...names('test')]).size).toBe(20_910);
  });
});
