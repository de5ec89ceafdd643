import { expectKey, expectOptions, isWhole, type Rules, ruleOf } from '../../tensor/check.ts';
import { foldIn, type Key } from '../../tensor/random.ts';
import { deduction, induction, motivations } from './kinds.ts';
import { compoundCoreference, conjunction, coreference, indefinite, negation, singleFact, timeReasoning } from './people.ts';
import { pathFinding, positional, sizes, twoArguments } from './space.ts';
import type { Story } from './story.ts';
import { counting, lists, threeArguments, threeFacts, twoFacts, yesNo } from './things.ts';
import { Dice, Teller, type Telling } from './writing.ts';

/** The kinds of tasks, from 1. */
const tasks: readonly Telling[] = [
  singleFact,
  twoFacts,
  threeFacts,
  twoArguments,
  threeArguments,
  yesNo,
  counting,
  lists,
  negation,
  indefinite,
  coreference,
  conjunction,
  compoundCoreference,
  timeReasoning,
  deduction,
  induction,
  positional,
  sizes,
  pathFinding,
  motivations,
];

/** Options of {@link babiStories}. */
export interface BabiOptions {
  /** Which kind of task, 1 … 20, numbered as in the paper. */
  task: number;
  /** How many stories. */
  stories: number;
}

const rules: Rules<BabiOptions> = {
  task: /* @__PURE__ */ ruleOf(
    'a whole number from 1 to 20',
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 20,
  ),
  stories: /* @__PURE__ */ isWhole(0),
};

/**
 * Stories of a small world with questions, of the twenty kinds of Weston et al. 2015, "Towards AI-complete question answering": made from
 * the paper's descriptions, with its words, and not the official data. Every answer follows from the story. Task 1 to 14 (but 4) have
 * five questions a story, 15 has four, 17 eight, 18 five, 20 up to twelve, 4, 16 and 19 one.
 */
export function babiStories(key: Key, options: BabiOptions): Story[] {
  expectKey('babiStories', key);
  expectOptions('babiStories', options, rules);
  const tell = tasks[options.task - 1] as Telling;
  return Array.from({ length: options.stories }, (_, i) => {
    const teller = new Teller();
    tell(new Dice(foldIn(key, i)), teller);
    return teller.story;
  });
}
