// Every peer, in the order of the columns: those in JavaScript, then the native ones.
import { start as startJax } from './jax.mjs';
import { startNative, startWeb } from './onnxruntime.mjs';
import { startPlain, start as startTf } from './tfjs.mjs';
import { start as startTorch } from './torch.mjs';

/** @returns {Promise<import('../contender.ts').Peer[]>} */
export async function start() {
  const peers = [await startTf(), await startPlain(), await startWeb(), await startJax(), await startNative(), await startTorch()];
  return peers.filter((peer) => peer !== undefined);
}
