import { expectKey, expectNames, expectOptions, isCount, isNumber, isSize, maybe, type Rules, shown } from '../../tensor/check.ts';
import { foldIn, type Key, randomInt } from '../../tensor/random.ts';
import { share } from '../optimizers/numbers.ts';

/** The state of a curriculum: plain numbers, for checkpoints. Start from `{ level: 1, error: 1, since: 0 }`. */
export interface Curriculum {
  /** C, the level so far. */
  readonly level: number;
  /** The running error at that level and above. */
  readonly error: number;
  /** Updates since the level was raised. */
  readonly since: number;
}

const rules: Rules<Curriculum> = { level: isSize, error: isNumber, since: isCount };

function expectState(op: string, state: Curriculum): void {
  if (typeof state !== 'object' || !state) throw new TypeError(`${op}: state must be a Curriculum, got ${shown(state)}`);
  expectNames(op, state, rules, 'state');
  for (const name of ['level', 'error', 'since'] as const) rules[name](op, `state.${name}`, state[name]);
}

/**
 * The level of the next batch (Zaremba and Sutskever 2015, §4.1; 2014, "Learning to execute"): with probability 0.1 any from 1 to `most`; otherwise with
 * probability 0.25 any up to C + e, else C + e, where e counts how often a coin falls on heads before its first tails. Never above `most`.
 */
export function curriculumLevel(key: Key, state: Curriculum, most: number): number {
  expectKey('curriculumLevel', key);
  expectState('curriculumLevel', state);
  isSize('curriculumLevel', 'most', most);
  const { level } = state;
  let extra = 0;
  while (level + extra < most && randomInt(foldIn(key, 1), extra, 2) === 1) extra++;
  const highest = Math.min(most, level + extra);
  if (randomInt(key, 0, 10) === 0) return 1 + randomInt(key, 1, most);
  return randomInt(key, 2, 4) === 0 ? 1 + randomInt(key, 3, highest) : highest;
}

/** Options of {@link curriculumAfter}. */
export interface CurriculumOptions {
  /** The highest level. */
  most: number;
  /** The running error below which the level is raised. Default 0.2; the authors took 0.25 for reversing. */
  threshold?: number | undefined;
  /** Fewest updates at a level. Default 100. */
  patience?: number | undefined;
  /** What the running error keeps of itself. Default 0.8. */
  decay?: number | undefined;
}

/**
 * The curriculum after an update on a batch of `level` with this share of wrong answers: `0.8 · old + 0.2 · new` over batches at C or above; once that is below the threshold
 * and the level has lasted for `patience` updates, the level rises by one, and the running error starts from 1 again.
 */
export function curriculumAfter(state: Curriculum, level: number, error: number, options: CurriculumOptions): Curriculum {
  expectState('curriculumAfter', state);
  isSize('curriculumAfter', 'level', level);
  expectOptions('curriculumAfter', options, { most: isSize, threshold: maybe(isNumber), patience: maybe(isCount), decay: share });
  isNumber('curriculumAfter', 'error', error);
  const { most, threshold = 0.2, patience = 100, decay = 0.8 } = options;
  const since = state.since + 1;
  const running = level >= state.level ? decay * state.error + (1 - decay) * error : state.error;
  if (running < threshold && since >= patience && state.level < most) return { level: state.level + 1, error: 1, since: 0 };
  return { level: state.level, error: running, since };
}
