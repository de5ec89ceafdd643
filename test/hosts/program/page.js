// A page: `?mode=…&where=page|worker`. The result is the page's text.
import { run } from './run.js';

const asked = new URLSearchParams(location.search);
const fetched = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const violations = [];
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective} ${blockedURI}`));

async function here() {
  return run(asked.get('mode'), await fetched('model.safetensors'), await fetched('saccade.wasm'));
}

async function there() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message ?? 'worker: must load, got an error'));
  });
  worker.postMessage({ mode: asked.get('mode'), saved: await fetched('model.safetensors'), kernels: await fetched('saccade.wasm') });
  return answer;
}

let text;
try {
  text = JSON.stringify({ ...(await (asked.get('where') === 'worker' ? there() : here())), violations });
} catch (error) {
  text = JSON.stringify({ error: error.message });
}
document.querySelector('output').textContent = text;
