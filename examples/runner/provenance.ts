// The code that produced a figure.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finished, Stamp } from './recipe.ts';

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The commit, and whether the tree differs from it only in documents; files unknown to git count as differences. */
function source(): Pick<Stamp, 'commit' | 'clean'> {
  try {
    const top = git('rev-parse', '--show-toplevel');
    return {
      commit: git('rev-parse', '--short=7', 'HEAD'),
      clean: git('-C', top, 'status', '--porcelain', '--', '.', ':!docs', ':!*.md') === '',
    };
  } catch {
    return { commit: 'unknown', clean: false };
  }
}

/** A hash of all code on which a figure depends: that of the recipes, of what they share, of the runner and of the package. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const places = [
    new URL('../recipes/', import.meta.url),
    new URL('../shared/', import.meta.url),
    new URL('.', import.meta.url),
    new URL('.', import.meta.resolve('saccade')),
  ];
  for (const folder of places.map((place) => fileURLToPath(place))) {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(js|ts|wasm)$/.test(file)) hash.update(file).update(readFileSync(`${folder}${file}`));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** The code of a job that begins now. */
export const stampNow = (): Stamp => ({ ...source(), code: fingerprint() });

/** Lists commits in words. */
export const commitsOf = (made: readonly Stamp[]): string =>
  [...new Set(made.map(({ commit, clean }) => (clean ? commit : `${commit}-dirty`)))].join(', ');

/** Whether some of the jobs began with other code than there is now. */
export const isForeign = (jobs: readonly Pick<Finished<unknown, unknown>, 'made'>[], now: Stamp): boolean =>
  jobs.some(({ made }) => made.some(({ code }) => code !== now.code));

/**
 * Refuses to keep results that a clone of this commit would not reproduce: from a changed tree, or from other code, whatever its commit is
 * called.
 */
export function expectKeepable(jobs: readonly Pick<Finished<unknown, unknown>, 'name' | 'made'>[], now: Stamp): void {
  if (!now.clean) throw new Error(`recipe: --keep needs a tree without changes, got some on ${now.commit}; commit them first`);
  for (const { name, made } of jobs) {
    const foreign = made.filter(({ clean, code }) => !clean || code !== now.code);
    if (foreign.length === 0) continue;
    throw new Error(
      `recipe: --keep needs jobs trained by this code, ${now.code} of ${now.commit}, got ${name} of ${commitsOf(foreign)} (${foreign.map(({ code }) => code).join(', ')}); --fresh trains anew`,
    );
  }
}
