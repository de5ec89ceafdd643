// A small model takes a million steps: memory stays where it was after the first thousand.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  Adam,
  bahdanau,
  crossEntropy,
  dropout,
  Embedding,
  key,
  Linear,
  Module,
  memoryReport,
  parameters,
  split,
  tensor,
  train,
} from 'saccade';
import { GRUCell } from 'saccade/nn';

class Reader extends Module {
  /** @param {import('saccade').Key} from */
  constructor(from) {
    super();
    const [a, b, c, d] = /** @type {import('saccade').Key[]} */ (split(from, 4));
    this.embedding = new Embedding({ symbols: 6, size: 4 }, /** @type {never} */ (a));
    this.core = new GRUCell({ input: 4, hidden: 6 }, /** @type {never} */ (b));
    this.attention = bahdanau({ query: 6, key: 4, hidden: 5 }, /** @type {never} */ (c));
    this.output = new Linear({ input: 4, output: 6 }, /** @type {never} */ (d));
  }

  /** The symbol that the last one asks for. @param {import('saccade').Tensor} symbols @param {import('saccade').Key} noise */
  forward(symbols, noise) {
    const items = dropout(this.embedding.forward(symbols), 0.1, noise); // [B, S, 4]
    const { output } = this.core.step(
      this.embedding.forward(tensor(new Int32Array(symbols.shape[0] ?? 0))),
      this.core.initialState(symbols.shape[0] ?? 0),
    );
    const { context } = this.attention.step(
      output,
      this.attention.prepare(items),
      this.attention.initialState(this.attention.prepare(items)),
    );
    return this.output.forward(context); // [B, 6]
  }
}

/** What the process holds, garbage aside. */
function held() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { blocks, bytes, peak, reserved } = memoryReport();
  return { blocks, bytes, peak, reserved, rss, heapUsed, external };
}

/** @param {{ count: number, report: (line: string) => void }} options */
export async function steps({ count, report }) {
  const model = new Reader(key(1));
  const symbols = [1, 2, 3, 4, 5, 0, 2, 5, 1, 4, 3, 2];
  const run = train({
    key: key(2),
    optimizer: new Adam(parameters(model), { lr: 1e-3 }),
    steps: count,
    clip: 1,
    batches: () => [0, 1, 2, 3],
    /** @param {number} shift */
    loss: (shift, { key: noise }) => {
      const x = tensor(
        Int32Array.from(symbols, (symbol) => (symbol + shift) % 6),
        { shape: [4, 3] },
      );
      return crossEntropy(model.forward(x, noise), tensor(Int32Array.from([0, 1, 2, 3], (row) => ((symbols[3 * row] ?? 0) + shift) % 6)));
    },
  });
  const every = Math.max(1, Math.floor(count / 20));
  const began = performance.now();
  let [first, last] = [Number.NaN, Number.NaN];
  /** @type {ReturnType<typeof held> | undefined} */
  let settled;
  let samples = 0;
  for await (const { step, loss } of run) {
    if (step === 1) first = loss;
    last = loss;
    if (step % every !== 0) continue;
    const now = held();
    samples++;
    report(
      `step ${step}: ${now.blocks} blocks, ${now.bytes} bytes, reserved ${now.reserved}, rss ${mib(now.rss)}, JavaScript ${mib(now.heapUsed)}`,
    );
    if (samples === 5) settled = now; // by then every path has been compiled
    if (!settled) continue;
    for (const name of /** @type {const} */ (['blocks', 'bytes', 'peak', 'reserved'])) {
      if (now[name] !== settled[name]) throw new Error(`steps: ${name} must stay ${settled[name]}, got ${now[name]} at step ${step}`);
    }
    if (now.heapUsed > settled.heapUsed + 2 ** 21)
      throw new Error(`steps: JavaScript's heap must stay near ${mib(settled.heapUsed)}, got ${mib(now.heapUsed)} at step ${step}`);
    if (now.rss > settled.rss + 2 ** 25)
      throw new Error(`steps: the process must stay near ${mib(settled.rss)}, got ${mib(now.rss)} at step ${step}`);
  }
  if (!(last < first)) throw new Error(`steps: the loss must fall, got ${first} and ${last}`);
  const end = held();
  return `${count.toLocaleString('en')} steps in ${((performance.now() - began) / 1000).toFixed(0)} s: ${end.bytes} bytes in ${end.blocks} blocks and ${mib(end.reserved)} of wasm memory throughout; process ${mib(settled?.rss ?? 0)} after a quarter, ${mib(end.rss)} at the end`;
}

/** @param {number} bytes */
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
