// A LLaMA in plain C (llama.c), compiled here as such programs are: with sums in order, and with sums in any order. Without a C compiler there is none.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('./llama.c', import.meta.url));

/** Starts the program, which answers a line for each line. */
function conversation(program, args) {
  const process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      process.stdin.write(`${question}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('llama: the program must answer, got its end');
      return value.split(' ').map(Number);
    },
    close: () => process.stdin.end(),
  };
}

/**
 * @param {boolean} computing whether time is that of computing alone
 * @param {'-O3' | '-Ofast'} level
 * @returns {import('../contender.ts').Peer | undefined}
 */
export function start(computing, level) {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-llama-'));
  const [program, weights] = [join(folder, 'llama'), join(folder, 'weights')];
  const away = () => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync('cc', [level, '-march=native', '-o', program, source, '-lm'], { stdio: 'ignore' });
  } catch {
    away();
    return undefined;
  }
  return {
    name: `C ${level}, native`,
    native: true,
    async prepare(task) {
      if (task.op !== 'decode') return undefined;
      writeFileSync(weights, Buffer.concat(task.weights().map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength))));
      const { ask, close } = conversation(program, [...task.sizes, Number(task.logits), Number(computing), weights].map(String));
      return { time: async (calls) => (await ask(`time ${calls}`))[0], result: () => ask('result'), close };
    },
    close: away,
  };
}
