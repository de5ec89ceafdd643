import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, open, readdir, readFile, readlink, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../src/io/checkpoint.ts';
import { openFile, readExactly } from '../../src/io/disk.ts';
import { loadFile, saveFile } from '../../src/io/file.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { disk, restart, watchDisk } from './disk.mjs';

const posix = process.platform !== 'win32';
let [root, folder] = ['', ''];
let unwatch = () => {};
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'saccade-'));
  unwatch = watchDisk();
});
afterAll(async () => {
  unwatch();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  restart();
  folder = await mkdtemp(join(root, 'test-'));
});

const holds = (value: number): [string, Tensor][] => [['x', tensor([value])]];
const held = async (path: string | URL): Promise<number | undefined> => (await loadFile(path)).tensors.get('x')?.item();
const temporaries = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tmp'));

it('leaves the old file or the new one, and nothing else, whichever system call of a save fails', async () => {
  const path = join(folder, 'failing.safetensors');
  await saveFile(path, holds(1));
  restart();
  await saveFile(path, holds(1));
  const calls = [...disk.calls];
  expect(calls).toEqual(expect.arrayContaining(['realpath', 'stat', 'open', 'write', 'chmod', 'sync', 'close', 'rename']));
  for (let k = 0; k < calls.length; k++) {
    restart(k);
    const error: unknown = await saveFile(path, holds(2)).catch((reason: unknown) => reason);
    restart();
    expect(await temporaries(), calls[k]).toEqual([]);
    const value = await held(path);
    // After the rename nothing can fail but the flush of the folder, and an owner that cannot be kept is no failure.
    if (error === undefined) expect(value).toBe(2);
    else {
      expect((error as Error).message).toContain('EIO');
      expect(value, calls[k]).toBe(1);
    }
    const passes = k > calls.indexOf('rename') || calls[k] === 'chown';
    expect(error === undefined, `${k}: ${calls[k]}`).toBe(passes);
    await saveFile(path, holds(1));
  }
});

it('frees every tensor and closes the file, whichever system call of a load fails', async () => {
  const path = join(folder, 'read.safetensors');
  await saveFile(path, [...holds(1), ['y', tensor(new Float32Array(100))]]);
  restart();
  await loadFile(path);
  const calls = [...disk.calls];
  expect(calls.at(-1)).toBe('close');
  for (let k = 0; k < calls.length - 1; k++) {
    const before = memoryReport().blocks;
    restart(k);
    await expect(loadFile(path)).rejects.toThrow('EIO');
    if (k > 0) expect(disk.calls.at(-1)).toBe('close');
    expect(memoryReport().blocks).toBe(before);
  }
  restart(calls.length - 1); // what was read is read
  expect(await held(path)).toBe(1);
});

it('frees what it had read when a later tensor is damaged', async () => {
  const path = join(folder, 'damaged.safetensors');
  await saveFile(path, [...holds(1), ['y', tensor([2])]]);
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  await writeFile(path, bytes);
  const before = memoryReport().blocks;
  await expect(loadFile(path)).rejects.toThrow('safetensors: "y" must have its checksum');
  await expect(loadCheckpoint(path)).rejects.toThrow('safetensors: "y" must have its checksum');
  expect(memoryReport().blocks).toBe(before);
});

it('goes on where the system reads or writes less than it was asked for', async () => {
  const path = join(folder, 'short.safetensors');
  const x = tensor(Float32Array.from({ length: 50 }, (_, i) => i / 3));
  disk.most = 7;
  await saveFile(path, [['x', x]]);
  expect(disk.calls.filter((name) => name === 'write').length).toBeGreaterThan(30);
  expect((await loadFile(path)).tensors.get('x')?.toArray()).toEqual(x.toArray());
});

it('says where a file ends that shrinks while it is read', async () => {
  const path = join(folder, 'shrinking.safetensors');
  await saveFile(path, holds(1));
  const { size } = await stat(path);
  const file = await openFile(path);
  await truncate(path, size - 3);
  await expect(readExactly(file, size - 8, 8)).rejects.toThrow(
    `safetensors: file must not shrink while it is read, got an end at byte ${size - 3}`,
  );
  expect(await readExactly(file, size - 8, 0)).toEqual(new Uint8Array(0));
  await file.close();
});

it('flushes the folder of what it wrote, and that alone', async () => {
  const path = join(folder, 'a.b', 'flushed.safetensors');
  await mkdir(join(folder, 'a.b'));
  await saveFile(path, holds(1));
  expect(disk.opened.slice(1)).toEqual([join(folder, 'a.b', '/')]);
  for (const call of ['sync', 'close']) expect(disk.calls.filter((name) => name === call)).toHaveLength(2);
  expect(disk.opened[0]).toMatch(/flushed\.safetensors\.[0-9a-f]{32}\.tmp$/);
  const [before, here] = [process.cwd(), join(folder, 'a.b')];
  try {
    process.chdir(here);
    restart();
    await saveFile('here.safetensors', holds(2));
    expect([disk.opened.length, disk.opened[1]]).toEqual([2, '.']);
  } finally {
    process.chdir(before);
  }
  expect(await held(join(here, 'here.safetensors'))).toBe(2);
});

it('keeps the mode of what it replaces, and opens its temporary file for nobody else', async () => {
  if (!posix) return;
  for (const mode of [0o600, 0o640, 0o444, 0o755]) {
    const path = join(folder, `mode-${mode}`);
    await saveFile(path, holds(1));
    await chmod(path, mode);
    await saveFile(path, holds(2));
    expect((await stat(path)).mode & 0o7777).toBe(mode);
    expect(await held(path)).toBe(2);
  }
});

it('writes through links, to where they point, and refuses what is no file', async () => {
  if (!posix) return;
  await mkdir(join(folder, 'runs'), { recursive: true });
  const [target, latest, chain] = [join(folder, 'runs', 'target.st'), join(folder, 'latest.st'), join(folder, 'chain.st')];
  await symlink(join('runs', 'target.st'), latest);
  await symlink('latest.st', chain);
  await saveFile(latest, holds(1)); // the target is not there yet
  expect(await held(target)).toBe(1);
  await saveFile(chain, holds(2));
  expect(await held(target)).toBe(2);
  expect(await readlink(latest)).toBe(join('runs', 'target.st'));
  expect((await lstat(chain)).isSymbolicLink()).toBe(true);
  await expect(saveFile(join(folder, 'runs'), holds(1))).rejects.toThrow("files: path must be a file's, got a folder at ");
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(saveFile(join(folder, 'pipe'), holds(1))).rejects.toThrow("files: path must be a file's, got a device at ");
  expect((await lstat(join(folder, 'pipe'))).isFIFO()).toBe(true);
  const far = join(folder, 'far.st');
  await symlink(join(folder, 'runs', 'new.st'), far); // from the root, to what is not there yet
  await saveFile(far, holds(3));
  expect(await held(join(folder, 'runs', 'new.st'))).toBe(3);
  expect(await temporaries()).toEqual([]);
});

it('takes file: URLs for paths, as text and as objects', async () => {
  const path = join(folder, 'with space ü.safetensors');
  const url = pathToFileURL(path);
  await saveFile(url, holds(1));
  expect(await held(path)).toBe(1);
  await saveFile(url.href, holds(2));
  expect(await held(url)).toBe(2);
  await saveFile(pathToFileURL(path).href.replace('file:', 'FILE:'), holds(4));
  expect(await held(path)).toBe(4);
  await saveFile(join(folder, 'no-file:x'), holds(5)); // a name like any other
  expect(await readdir(folder)).toContain('no-file:x');
  await saveCheckpoint(url, { model: { stateDict: () => new Map(holds(3)) } });
  expect((await loadCheckpoint(url.href)).model.get('x')?.item()).toBe(3);
  expect((await readdir('.')).filter((name) => name.startsWith('file:'))).toEqual([]);
  await expect(loadFile(new URL('https://example.org/x'))).rejects.toThrow(
    'files: path must be a name or a file: URL, got https://example.org/x',
  );
  await expect(loadFile(new URL('https://example.org/x'))).rejects.toHaveProperty('cause.code', 'ERR_INVALID_URL_SCHEME');
  await expect(saveFile(undefined as unknown as string, holds(1))).rejects.toThrow(
    'files: path must be a name or a file: URL, got undefined',
  );
});

it('gives every save a name of its own, which it makes and does not find', async () => {
  const path = join(folder, 'named.safetensors');
  const names = new Set<string>();
  const watched = vi.spyOn(crypto, 'getRandomValues');
  for (let i = 0; i < 3; i++) {
    await saveFile(path, holds(i));
    const random = watched.mock.results.at(-1)?.value as Uint8Array;
    expect(random.length).toBe(16);
    names.add(random.join());
  }
  expect(names.size).toBe(3);
  // Where somebody has put a file or a link at that very name, it is an error, and theirs stays.
  watched.mockImplementation((array) => array);
  const planted = `${path}.${'00'.repeat(16)}.tmp`;
  await writeFile(join(folder, 'victim'), 'theirs');
  if (posix) await symlink(join(folder, 'victim'), planted);
  else await writeFile(planted, 'theirs');
  await expect(saveFile(path, holds(9))).rejects.toThrow('EEXIST');
  watched.mockRestore();
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('theirs');
  expect(await readlink(planted)).toBe(join(folder, 'victim'));
  await rm(planted);
  expect(await held(path)).toBe(2);
});

it.skipIf(process.env.SACCADE_BRIEF)('leaves whole files where two threads save to one path', async () => {
  const path = join(folder, 'threads.safetensors');
  const code = `
    import { init, saveFile, tensor } from 'saccade';
    import { workerData } from 'node:worker_threads';
    await init();
    const { path, value } = workerData;
    const x = tensor(new Float32Array(50_000).fill(value));
    for (let i = 0; i < 25; i++) await saveFile(path, [['x', x]]);`;
  const url = new URL(
    `data:text/javascript,${encodeURIComponent(code.replaceAll("'saccade'", JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)))}`,
  );
  const threads = [1, 2].map((value) => new Worker(url, { workerData: { path, value } }));
  let running = threads.length;
  const ended = Promise.all(
    threads.map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          thread.on('error', reject);
          thread.on('exit', () => {
            running--;
            resolve();
          });
        }),
    ),
  );
  let reads = 0;
  while (running > 0) {
    const x = await loadFile(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && reads === 0) return undefined;
      throw error;
    });
    const values = new Set(x?.tensors.get('x')?.toArray());
    if (x) expect([[1], [2]]).toContainEqual([...values]);
    reads += x ? 1 : 0;
    for (const y of x?.tensors.values() ?? []) y.storage.free();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await ended;
  expect(reads).toBeGreaterThan(0);
  expect(await temporaries()).toEqual([]);
});

it.skipIf(process.env.SACCADE_BRIEF)(
  'reads a tensor beyond 2 GiB, from a file that is mostly a hole',
  async () => {
    const path = join(folder, 'sparse.safetensors');
    const length = 2 ** 29 + 3;
    const header = `{"w":{"dtype":"F32","shape":[${length}],"data_offsets":[0,${4 * length}]}}`;
    const file = await open(path, 'w');
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setUint32(0, header.length, true);
    await file.write(prefix, 0, 8, 0);
    await file.write(new TextEncoder().encode(header), 0, header.length, 8);
    await file.write(new Uint8Array(Float32Array.of(5, 6).buffer), 0, 8, 8 + header.length + 4 * (length - 2));
    await file.close();
    restart();
    const rss = process.memoryUsage.rss();
    const { tensors } = await loadFile(path);
    expect(disk.longest).toBeLessThanOrEqual(2 ** 30);
    const w = tensors.get('w') as Tensor;
    expect(w.shape).toEqual([length]);
    const end = new Tensor(w.storage, [3], 'float32', length - 3);
    expect([...end.toArray()]).toEqual([0, 5, 6]);
    expect(process.memoryUsage.rss() - rss).toBeLessThan(2 ** 31 + 2 ** 29); // the tensor, and not the file beside it
    w.storage.free();
    await rm(path);
  },
  600_000,
);

it.skipIf(process.env.SACCADE_BRIEF)('writes a tensor beyond 2 GiB in calls of at most 1 GiB', async () => {
  const { writeAtomically } = await import('../../src/io/disk.ts');
  restart();
  disk.pretend = true;
  await writeAtomically(join(folder, 'large'), [new Uint8Array(2 ** 31 + 10), new Uint8Array(3)]);
  expect(disk.longest).toBe(2 ** 30);
  expect(disk.calls.filter((name) => name === 'write')).toHaveLength(4);
});
