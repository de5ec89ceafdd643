// A recipe's small version in the tests' own thread.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished, Recipe } from '../../examples/runner/recipe.ts';
import { runJob } from '../../examples/runner/run.ts';

export const quickly = { quick: true, keys: 1 };

/** Runs the jobs of the quick version whose names fit, one after the other; measures on what is in `test`, if that is given. */
export async function cook<Settings, Outcome>(
  recipe: Recipe<Settings, Outcome>,
  wanted: RegExp = /./,
  folder = mkdtempSync(join(tmpdir(), 'saccade-recipe-')),
  test?: string,
): Promise<Finished<Settings, Outcome>[]> {
  const finished: Finished<Settings, Outcome>[] = [];
  for (const job of recipe.jobs(quickly).filter(({ name }) => wanted.test(name))) {
    const options = { quick: true, checkpoint: join(folder, job.name), signal: new AbortController().signal, report: () => {} };
    const { outcome, seconds } = await runJob(recipe as Recipe, job, { ...options, ...(test ? { test } : {}) });
    finished.push({ ...job, outcome: outcome as Outcome, seconds, made: [] });
  }
  return finished;
}
