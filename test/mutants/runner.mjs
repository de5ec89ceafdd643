// A test runner for Stryker that imports the tests once and runs them for each mutant, which takes milliseconds where starting vitest takes
// seconds. A failed test is run again without the mutant: if it fails then too, a new process tries the mutant again.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {typeof import('./collect.mjs')} Collected */
/** @typedef {{ activeMutant: { id: string }, testFilter?: string[], mutantActivation: 'static' | 'runtime', hitLimit?: number }} Asked */

/** Variables of the changed code. @type {{ activeMutant?: string, counts?: Int32Array, hitCount?: number, hitLimit?: number }} */
const shared = {};
Reflect.set(globalThis, '__stryker__', shared);

/** An upper bound of the mutants in a room. */
const MOST = 2 ** 16;

/** Counts how often each mutant's place is executed while `run` runs. @param {() => Promise<unknown>} run */
async function counted(run) {
  const counts = new Int32Array(MOST);
  shared.counts = counts;
  await run();
  delete shared.counts;
  return Object.fromEntries([...counts.entries()].filter(([, count]) => count));
}

/** The time of each test without a mutant, for the processes that try mutants. */
const TIMES = 'build/times.json';

/** A `TestRunner` of Stryker. */
class Runner {
  /** @type {Collected | undefined} */
  collected;
  runs = 0;
  spoilt = false;
  /** @type {Map<string, number>} */
  times = new Map();

  capabilities() {
    return { reloadEnvironment: false };
  }

  /** @returns {Promise<Collected>} */
  async load() {
    if (this.collected) return this.collected;
    const here = (/** @type {string} */ file) => pathToFileURL(join(process.cwd(), file)).href;
    register(here('test/mutants/loader.mjs'));
    process.on('unhandledRejection', () => {});
    /** @type {Collected} */
    const collected = await import(here('test/mutants/collect.mjs'));
    await import(here('test/setup.ts'));
    for (const file of (process.env.SACCADE_MUTANTS ?? '').split(',')) await collected.collect(file, here(file));
    for (const run of collected.before) await run();
    const { SACCADE_WITHOUT: without } = process.env;
    if (without) collected.tests.splice(0, Infinity, ...collected.tests.filter(({ title }) => !new RegExp(without).test(title)));
    this.collected = collected;
    return collected;
  }

  /** Runs a test and returns its error. @param {Collected['tests'][number]} test */
  async failure({ run, each }) {
    try {
      for (const first of each) await first();
      await run();
      return undefined;
    } catch (error) {
      return String(error instanceof Error ? error.message : error) || 'failed';
    }
  }

  async dryRun() {
    const mutantCoverage = { static: await counted(() => this.load()), perTest: /** @type {Record<string, object>} */ ({}) };
    const { tests } = await this.load();
    const results = [];
    for (const test of tests) {
      const start = process.cpuUsage(); // not the clock, which also counts other processes
      let failureMessage;
      mutantCoverage.perTest[test.id] = await counted(async () => {
        failureMessage = await this.failure(test);
      });
      const { user, system } = process.cpuUsage(start);
      const one = { id: test.id, name: test.id, timeSpentMs: (user + system) / 1000 };
      results.push(failureMessage === undefined ? { ...one, status: 0 } : { ...one, status: 1, failureMessage });
    }
    // A mutant that imports and tests both execute is tried while tests run and not on import, which would take a new process for each. Of the
    // two this kills fewer.
    for (const ids of Object.values(mutantCoverage.perTest)) for (const id of Object.keys(ids)) delete mutantCoverage.static[id];
    mkdirSync('build', { recursive: true });
    writeFileSync(TIMES, JSON.stringify(results.map(({ id, timeSpentMs }) => [id, timeSpentMs])));
    return { status: 'complete', tests: results, mutantCoverage };
  }

  /** @param {Asked} asked */
  async mutantRun({ activeMutant, testFilter, mutantActivation, hitLimit }) {
    if (this.spoilt) throw new Error('a mutant left something behind');
    this.runs++;
    if (mutantActivation === 'static') shared.activeMutant = activeMutant.id;
    if (this.times.size === 0 && existsSync(TIMES)) this.times = new Map(JSON.parse(readFileSync(TIMES, 'utf8')));
    const most = hitLimit && hitLimit / 20; // five times as often as all tests together counts as an endless loop
    const activate = () => Object.assign(shared, { activeMutant: activeMutant.id, hitCount: 0, hitLimit: most });
    /** @type {Collected} */
    let collected;
    try {
      collected = await this.load();
    } catch (error) {
      return { status: 'killed', killedBy: ['import'], failureMessage: String(error), nrOfTests: 0 };
    }
    const wanted = testFilter && new Set(testFilter);
    const tests = collected.tests.filter(({ id }) => !wanted || wanted.has(id)).sort((a, b) => this.timeOf(a.id) - this.timeOf(b.id));
    for (const [i, test] of tests.entries()) {
      activate();
      const failureMessage = await this.failure(test);
      delete shared.activeMutant;
      if (failureMessage === undefined) continue;
      if (mutantActivation !== 'static' && (await this.failure(test)) !== undefined) {
        this.spoilt = true;
        if (this.runs > 1) throw new Error('a mutant left something behind');
      }
      return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests: i + 1 };
    }
    return { status: 'survived', nrOfTests: tests.length };
  }

  /** @param {string} id */
  timeOf(id) {
    return this.times.get(id) ?? 0;
  }

  async dispose() {
    for (const run of this.collected?.after ?? []) await run();
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'once', injectableClass: Runner }];
