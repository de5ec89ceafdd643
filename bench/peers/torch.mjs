// PyTorch in a separate process, if a Python that has it is found: it waits for its turn in each round.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./torch_cases.py', import.meta.url));
const pythons = ['python3', 'python', '/usr/bin/python3'];

/** @returns {Promise<import('../contender.ts').Peer | undefined>} */
export async function start(computing) {
  const python = pythons.find((name) => spawnSync(name, ['-c', 'import torch']).status === 0);
  if (!python) return undefined;
  const process = spawn(python, [script, ...(computing ? ['computing'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('torch: the process must answer, got its end');
    return JSON.parse(value);
  };
  const ask = (message) => {
    process.stdin.write(`${JSON.stringify(message)}\n`);
    return answer();
  };
  const { version } = await answer();
  return {
    name: `PyTorch ${version}`,
    native: true,
    async prepare(task) {
      if (!(await ask({ task })).able) return undefined;
      return { time: async (calls) => (await ask({ calls })).milliseconds };
    },
    close: () => process.stdin.end(),
  };
}
