import { run } from './run.js';

addEventListener('message', async ({ data: { mode, saved, kernels } }) => {
  try {
    postMessage(await run(mode, saved, kernels));
  } catch (error) {
    postMessage({ error: error.message });
  }
});
