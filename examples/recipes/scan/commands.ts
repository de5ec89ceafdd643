// SCAN: all commands of its grammar and what they mean, and its splits (Lake and Baroni 2018, figures 6 and 7).
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { foldIn, key } from 'saccade';
import { permutation } from 'saccade/tensor';
import type { Context, DataNeed } from '../../runner/recipe.ts';

/** A command and the actions it asks for. */
export interface Command {
  command: string[];
  actions: string[];
}

/** Commands to learn from, and those to be understood after. */
export interface Split {
  train: Command[];
  test: Command[];
}

/** Commands that are not learnt: those by which settings are chosen, those that no setting has seen, and a split's own test part. */
export type Part = 'choice' | 'held' | 'test';

export type SplitName = 'simple' | 'length' | 'jump';

const SIMPLE = 'tasks_train_simple.txt';

export const need: DataNeed = {
  folder: 'scan',
  files: [`${SIMPLE}.gz`],
  source: 'github.com/brendenlake/SCAN; without it the simple split is one of our own, drawn alike',
  optional: true,
};

const of = (command: string, ...actions: string[]): Command => ({ command: command.split(' '), actions });
const together = (words: string, { command, actions }: Command, meaning: string[]): Command => ({
  command: [...command, ...words.split(' ')],
  actions: [...meaning, ...actions],
});
const times = (n: number, actions: readonly string[]): string[] => Array.from({ length: n }, () => actions).flat();

/** What is done in one place, and turning, which does nothing but turn. */
const plain = [of('walk', 'I_WALK'), of('look', 'I_LOOK'), of('run', 'I_RUN'), of('jump', 'I_JUMP')];
const turning = of('turn');

/** Verbs with a direction, or without. */
const verbs: readonly Command[] = [
  ...plain,
  ...[...plain, turning].flatMap((verb) =>
    (['left', 'right'] as const).flatMap((side) => {
      const turn = `I_TURN_${side.toUpperCase()}`;
      const around = { command: verb.command, actions: times(4, [turn, ...verb.actions]) };
      return [
        together(side, verb, [turn]),
        together(`opposite ${side}`, verb, [turn, turn]),
        { command: [...around.command, 'around', side], actions: around.actions },
      ];
    }),
  ),
];

/** Each once, twice and thrice. */
const sentences: readonly Command[] = verbs.flatMap((verb) => [
  verb,
  { command: [...verb.command, 'twice'], actions: times(2, verb.actions) },
  { command: [...verb.command, 'thrice'], actions: times(3, verb.actions) },
]);

/** All 20,910 commands. */
export function allCommands(): Command[] {
  const pairs = sentences.flatMap((first) =>
    sentences.flatMap((second) => [
      { command: [...first.command, 'and', ...second.command], actions: [...first.actions, ...second.actions] },
      { command: [...first.command, 'after', ...second.command], actions: [...second.actions, ...first.actions] },
    ]),
  );
  return [...sentences, ...pairs];
}

const nameOf = ({ command }: Command) => command.join(' ');

/** Four of five, those of the file where there is one. */
function simple(all: readonly Command[], known: ReadonlySet<string> | undefined): Split {
  if (known) return { train: all.filter((one) => known.has(nameOf(one))), test: all.filter((one) => !known.has(nameOf(one))) };
  const order = Array.from(permutation(foldIn(key(61), 0), all.length), (i) => all[i] as Command);
  return { train: order.slice(0, 16_728), test: order.slice(16_728) };
}

/** Up to 22 actions to learn from, the longer ones after. */
function byLength(all: readonly Command[]): Split {
  return { train: all.filter(({ actions }) => actions.length <= 22), test: all.filter(({ actions }) => actions.length > 22) };
}

/** Of jumping nothing but the word alone, as a tenth of what is learnt. */
function withoutJump(all: readonly Command[]): Split {
  const jump = all.filter((one) => nameOf(one) === 'jump');
  const others = all.filter(({ command }) => !command.includes('jump'));
  const test = all.filter((one) => one.command.includes('jump') && nameOf(one) !== 'jump');
  const share = Array.from({ length: Math.floor(others.length / 9) }, () => jump).flat();
  return { train: [...others, ...share], test };
}

/** Commands of a file of SCAN, `IN: … OUT: …`. */
function commandsOf(path: string): Set<string> {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return new Set(text.trim().split('\n').map((line) => /^IN: (.*) OUT: /.exec(line)?.[1] as string)); // biome-ignore format: one line
}

function fileOf(context: Pick<Context, 'hasData' | 'path'>): Set<string> | undefined {
  if (!context.hasData) return undefined;
  const packed = context.path(`${SIMPLE}.gz`);
  return commandsOf(existsSync(packed) ? packed : context.path(SIMPLE));
}

/** A split as its paper has it. */
export function splitFor(name: SplitName, context: Pick<Context, 'hasData' | 'path'>): Split {
  const all = allCommands();
  if (name === 'length') return byLength(all);
  return name === 'jump' ? withoutJump(all) : simple(all, fileOf(context));
}

/**
 * A split with two parts of the simple one's training commands held out, both drawn by a fixed key: 1,000 to choose settings by, 2,000 to report.
 * Quick runs know commands of up to five actions only.
 */
export function partsFor(name: SplitName, context: Pick<Context, 'hasData' | 'path' | 'quick'>): Record<Part | 'train', Command[]> {
  const { train: all, test } = splitFor(name, context);
  const order = Array.from(permutation(foldIn(key(61), 1), all.length), (i) => all[i] as Command);
  const held = { choice: order.slice(0, 1000), held: order.slice(1000, 3000), train: order.slice(3000), test };
  const parts = name === 'simple' ? held : { choice: [], held: [], train: all, test };
  if (!context.quick) return parts;
  const short = (commands: readonly Command[]) => commands.filter(({ actions }) => actions.length <= 5);
  return { choice: short(parts.choice), held: short(parts.held), train: short(parts.train), test: short(parts.test).slice(0, 100) };
}

/** Every word of a list of lists once, in order. */
export const wordsOf = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort();
