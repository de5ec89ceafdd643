// Out of memory at each allocation in turn, of a training step and of what else a run does: an error that says so, no tensor changed, no
// block lost, and what comes next has the bits it would have had.
import {
  Adam,
  AttentionSeq2Seq,
  backward,
  clipGradNorm,
  crossEntropy,
  key,
  loadTensors,
  memoryReport,
  OutOfMemoryError,
  parameters,
  restoreCheckpoint,
  saveTensors,
  scope,
  tensor,
} from 'saccade';
import { readCheckpoint, writeCheckpoint } from 'saccade/io';

/** The heap in use, with one allocation that fails: the `failing`-th from now on. */
function injector() {
  const { heap } = tensor([0]).storage.backend;
  const allocate = heap.allocate.bind(heap);
  // Before it gives up, the package presses the collector, which takes long; here there is nothing to collect, hundreds of times.
  const { construct } = Reflect;
  /** @param {Function} target @param {[number]} args @returns {unknown} */
  const refusing = (target, args) => {
    if (target === ArrayBuffer) throw new RangeError('Array buffer allocation failed');
    return construct(target, args);
  };
  Reflect.construct = /** @type {never} */ (refusing);
  let [seen, failing] = [0, -1];
  heap.allocate = (size) => {
    if (seen++ === failing) throw new OutOfMemoryError(`memory: injected at allocation ${failing}; go on`);
    return allocate(size);
  };
  return {
    /** Allocations that `fn` makes. @param {() => unknown} fn */
    counted(fn) {
      [seen, failing] = [0, -1];
      fn();
      return seen;
    },
    /** What `fn` throws when its k-th allocation fails. @param {number} k @param {() => unknown} fn @returns {unknown} */
    failed(k, fn) {
      [seen, failing] = [0, k];
      try {
        fn();
      } catch (error) {
        return error;
      } finally {
        failing = -1;
      }
      return undefined;
    },
    end() {
      heap.allocate = allocate;
      Object.assign(Reflect, { construct });
    },
  };
}

function setup() {
  const model = new AttentionSeq2Seq({ source: 7, target: 7, hidden: 6, score: 'additive', dropout: 0.1 }, key(3));
  const optimizer = new Adam(parameters(model), { lr: 1e-2 });
  const source = tensor(Int32Array.of(3, 4, 5, 6, 5, 4), { shape: [2, 3] });
  const target = tensor(Int32Array.of(3, 4, 2, 6, 5, 2), { shape: [2, 3] });
  const step = () =>
    scope(() => {
      const loss = crossEntropy(model.forward(source, target, { key: key(4) }), target, { ignoreIndex: 0 });
      backward(loss);
      clipGradNorm(optimizer.parameters, 1);
      optimizer.step();
      return loss.item();
    });
  const bits = () =>
    scope(() => {
      const grads = [...optimizer.parameters].flatMap(([name, { grad }]) => (grad ? [/** @type {const} */ ([`grad ${name}`, grad])] : []));
      const state = [...optimizer.stateDict()].map(([name, x]) => /** @type {const} */ ([`state ${name}`, x]));
      return Buffer.from(saveTensors([...model.stateDict(), ...state, ...grads, ['source', source], ['target', target]])).toString(
        'latin1',
      );
    });
  return { model, optimizer, step, bits };
}

/** @param {{ count: number, report: (line: string) => void }} options */
export function allocations({ count, report }) {
  const { model, optimizer, step, bits } = setup();
  step();
  const checkpoint = readCheckpoint(writeCheckpoint({ model, optimizer }));
  const back = () => restoreCheckpoint(checkpoint, { model, optimizer });
  const before = bits();
  step();
  const after = bits();
  back();
  const file = writeCheckpoint({ model, optimizer });
  /** @type {Record<string, { run: () => unknown, follows: string }>} */
  const jobs = {
    'a training step': { run: step, follows: after },
    'a checkpoint read': { run: () => scope(() => void readCheckpoint(file)), follows: before },
    'a checkpoint restored': { run: back, follows: before },
    'tensors loaded': { run: () => scope(() => void loadTensors(file)), follows: before },
  };
  const heap = injector();
  const figures = [];
  try {
    for (const [name, { run, follows }] of Object.entries(jobs)) {
      const all = heap.counted(run);
      back();
      const { blocks } = memoryReport();
      const stride = Math.max(1, Math.floor(all / count));
      let tried = 0;
      for (let k = 0; k < all; k += stride, tried++) {
        const error = heap.failed(k, run);
        if (!(error instanceof OutOfMemoryError))
          throw new Error(`allocations: ${name} must be out of memory at ${k}, got ${error}`, { cause: error });
        scope(() => optimizer.zeroGrad()); // a step that failed may have left gradients, as any error after `backward` does
        if (memoryReport().blocks !== blocks)
          throw new Error(`allocations: ${name} must lose no block at ${k}, got ${memoryReport().blocks} of ${blocks}`);
        if (bits() !== before) throw new Error(`allocations: ${name} must change nothing at ${k}, got other bits`);
        run();
        if (bits() !== follows) throw new Error(`allocations: ${name} must go on as if nothing had been at ${k}, got other bits`);
        back();
      }
      figures.push(`${name} ${tried} of ${all}`);
      report(`${name}: ${tried} of ${all} allocations failed in turn`);
    }
  } finally {
    heap.end();
  }
  return `failed in turn: ${figures.join(', ')}; nothing changed, nothing lost, and the same bits afterwards`;
}
