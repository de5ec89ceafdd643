// A Worker: `/MODE`. The kernels come with the package, or as the module that is imported here.
import module from 'saccade/saccade.wasm';
import saved from './model.safetensors';

export default {
  async fetch(request) {
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    const { program } = await import('./program.js');
    const options = { embedded: {}, module: { module }, bytes: { bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0) } };
    try {
      const result = await program(saved, options[new URL(request.url).pathname.slice(1)]);
      return Response.json({ ...result, globals: Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name)) });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};
