// Every peer, in the order of the columns: those in JavaScript, then the native ones.
import { start as startJax } from './jax.mjs';
import { start as startC } from './llama.mjs';
import { startNative, startWeb } from './onnxruntime.mjs';
import { startPlain, start as startTf } from './tfjs.mjs';
import { start as startTorch } from './torch.mjs';

/**
 * @param {() => number} now milliseconds of the clock in use
 * @param {boolean} computing whether it counts computing alone
 * @returns {Promise<import('../contender.ts').Peer[]>}
 */
export async function start(now, computing) {
  const peers = [
    await startTf(now),
    await startPlain(now),
    await startWeb(now),
    await startJax(now),
    await startNative(now),
    await startTorch(computing),
    startC(computing, '-O3'),
    startC(computing, '-Ofast'),
  ];
  return peers.filter((peer) => peer !== undefined);
}
