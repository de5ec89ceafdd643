/** The kernels, compiled: what Workers import of `saccade.wasm`. */
declare const module: WebAssembly.Module;
export default module;
