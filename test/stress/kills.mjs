// Processes killed in the middle of writing a checkpoint: what is there is always a whole checkpoint, and training ends with the bits of a
// run that nobody stopped.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadCheckpoint } from 'saccade';

const STEPS = 60;

/**
 * Runs the child; with `saves`, kills it some time after that many saves have begun.
 * @param {string} path @param {{ saves: number, wait: number }} [kill]
 * @returns {Promise<{ printed: string, killed: boolean }>}
 */
function child(path, kill) {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [fileURLToPath(new URL('./child.mjs', import.meta.url)), path, String(STEPS)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [printed, errors] = ['', ''];
    let aimed = false;
    running.stderr.on('data', (text) => {
      errors += text;
    });
    running.stdout.on('data', async (text) => {
      printed += text;
      if (!kill || aimed || printed.split('<').length - 1 < kill.saves) return;
      aimed = true;
      if (kill.wait >= 1) await sleep(kill.wait);
      running.kill('SIGKILL');
    });
    running.on('error', reject);
    running.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve({ printed, killed: signal === 'SIGKILL' });
      else reject(new Error(`kills: the child must end by itself or be killed, got ${code ?? signal}: ${errors}`));
    });
  });
}

/** The step of a checkpoint, whole or not at all. @param {string} path */
async function stepOf(path) {
  const { position, model, optimizer } = await loadCheckpoint(path);
  for (const x of [...model.values(), ...optimizer.values()]) x.storage.free();
  return position?.step ?? Number.NaN;
}

/** @param {string} printed */
const hashOf = (printed) => /=(\w{64})/.exec(printed)?.[1];

/** @param {{ count: number, seed?: number, report: (line: string) => void }} options */
export async function kills({ count, seed = 1, report }) {
  const folder = await mkdtemp(join(tmpdir(), 'saccade-kills-'));
  const began = performance.now();
  try {
    const expected = hashOf((await child(join(folder, 'whole'))).printed);
    if (!expected) throw new Error('kills: the run that nobody stops must give a hash, got none');
    let [killed, within, runs, left] = [0, 0, 0, 0];
    for (let drawn = seed; within < count; runs++) {
      const path = join(folder, `run-${runs}`);
      let reached = 0;
      for (let printed = ''; !hashOf(printed); ) {
        drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0;
        const done = within >= count;
        const result = await child(path, done ? undefined : { saves: 1 + ((drawn >>> 8) % 6), wait: (drawn >>> 16) % 8 });
        printed = result.printed;
        if (!result.killed) continue;
        killed++;
        if (/<[^>]*$/.test(printed)) within++;
        // What was said to be saved is there; the save under way may be, too.
        const saved = reached + printed.split('>').length - 1;
        reached = existsSync(path) ? await stepOf(path) : 0;
        if (reached !== saved && reached !== saved + 1)
          throw new Error(`kills: the checkpoint must be of step ${saved} or the next, got ${reached}`);
        if (killed % 100 === 0) report(`${killed} kills, ${within} of them within a save`);
      }
      const { printed } = await child(path);
      if (hashOf(printed) !== expected)
        throw new Error(`kills: a run killed and resumed must end with the bits of one that was not, got ${hashOf(printed)}`);
      left += (await readdir(folder)).filter((name) => name.endsWith('.tmp')).length;
      for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name));
    }
    return `${killed} kills, ${within} of them within a save, in ${runs} runs of ${STEPS} steps: every checkpoint whole, every run ended with the same hash; ${left} temporary files left by the killed (${((performance.now() - began) / 1000).toFixed(0)} s)`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
