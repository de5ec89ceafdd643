// workerd as Cloudflare runs it: modules given by name, without compiling wasm at run time.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { tool, toolPath } from './project.mjs';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Bundles a Worker as wrangler does: esbuild under the condition `workerd`, with wasm and data left as modules. */
export async function bundleWorker(entry, folder, more = {}) {
  const { build } = await tool('esbuild');
  const { warnings } = await build({
    entryPoints: { worker: entry },
    outdir: folder,
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy', '.safetensors': 'copy' },
    assetNames: '[name]-[hash]',
    ...more,
  });
  if (warnings.length > 0) throw new Error(`worker: must bundle without warnings, got ${warnings[0].text}`);
}

/** Starts workerd over the modules of `folder`; returns its address, its process id, and a function that stops it. */
export async function startWorkerd(folder) {
  const kinds = { '.js': 'esModule', '.wasm': 'wasm', '.safetensors': 'data' };
  const modules = readdirSync(folder)
    .map((name) => [name, Object.entries(kinds).find(([ending]) => name.endsWith(ending))?.[1]])
    .filter(([, kind]) => kind)
    .sort(([a], [b]) => Number(b === 'worker.js') - Number(a === 'worker.js'))
    .map(([name, kind]) => `(name = "${basename(name)}", ${kind} = embed "${name}")`);
  const port = await freePort();
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = ( modules = [ ${modules.join(', ')} ], compatibilityDate = "2026-11-01" )) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
`,
  );
  const child = spawn(toolPath('@cloudflare/workerd-linux-64/bin/workerd'), ['serve', 'config.capnp'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`workerd: must start, got ${said.slice(0, 600)}`);
    if (said.includes('Listening') || (await listens(port))) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { url, pid: child.pid, said: () => said, stop: () => child.kill() };
}

async function listens(port) {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });
}
