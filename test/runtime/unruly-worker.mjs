// The package's worker, with kernels that do what the first block of the heap says before each piece.
const START = 1024;

const instantiate = WebAssembly.instantiate;
// @ts-expect-error: the one overload that the worker calls
WebAssembly.instantiate = async (
  /** @type {WebAssembly.Module} */ module,
  /** @type {{ env: { memory: WebAssembly.Memory } }} */ imports,
) => {
  const { exports } = await instantiate(module, imports);
  const words = new Int32Array(imports.env.memory.buffer, START, 16);
  const unruly =
    (/** @type {(...args: number[]) => void} */ kernel) =>
    (/** @type {number[]} */ ...args) => {
      Atomics.add(words, 1, 1);
      const order = Atomics.load(words, 0);
      if (order === 1) while (Atomics.load(words, 2) === 0) Atomics.wait(words, 2, 0, 50); // hold until told to go
      if (order === 2) process.exit(3);
      if (order === 3) for (let nap = 0; nap < 30; nap++) Atomics.wait(words, 2, 0, 50);
      if (order === 4) throw new Error('a trap');
      kernel(...args);
      Atomics.add(words, 3, 1);
    };
  const table = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === 'function' ? unruly(/** @type {(...args: number[]) => void} */ (value)) : value,
  ]);
  return { exports: Object.fromEntries(table) };
};

await import(new URL('../../dist/worker.js', import.meta.url).href);
