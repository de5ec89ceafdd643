// The program with what a host gives it; also tells which globals came with the package.
const names = () => Object.getOwnPropertyNames(globalThis);

/** @param {'embedded' | 'bytes' | 'module'} mode where the kernels come from */
export async function run(mode, saved, kernels) {
  const before = new Set(names());
  const { program } = await import('./program.js');
  const options = { embedded: () => ({}), bytes: () => ({ bytes: kernels }), module: () => ({ module: new WebAssembly.Module(kernels) }) };
  const result = await program(saved, options[mode]());
  return { ...result, globals: names().filter((name) => !before.has(name)) };
}
