import { afterEach, describe, expect, it, vi } from 'vitest';
import { add } from '../../src/ops/index.ts';
import { backend, withBackend } from '../../src/runtime/backend.ts';
import { info } from '../../src/runtime/info.ts';
import { init } from '../../src/runtime/init.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import type { WasmOptions } from '../../src/runtime/wasm.ts';
import { tensor } from '../../src/tensor/create.ts';

const MiB = 2 ** 20;
const worker = new URL('../../dist/worker.js', import.meta.url);

describe('init', () => {
  it('twice in flight is one: the tensors of the first live on', async () => {
    await init({ maximumBytes: 64 * MiB }); // so that both have something to do
    const first = init({ maximumBytes: 65 * MiB });
    const second = init({ maximumBytes: 65 * MiB });
    expect(second).toBe(first);
    await first;
    const x = tensor([1, 2, 3]);
    await Promise.all([second, init(), init({ build: 'deterministic' })]);
    expect(Array.from(add(x, x).toArray())).toEqual([2, 4, 6]);
  });

  it('with other options waits for the one under way', async () => {
    const order: string[] = [];
    await Promise.all([
      init({ maximumBytes: 66 * MiB }).then(() => order.push(`first, ${info().memory.maximum / MiB}`)),
      init({ maximumBytes: 67 * MiB }).then(() => order.push(`second, ${info().memory.maximum / MiB}`)),
    ]);
    expect(order).toEqual(['first, 66', 'second, 67']);
    await Promise.all([init({ threads: 2, worker }), init({ threads: 1, maximumBytes: 68 * MiB })]); // workers take their time to start
    expect(info()).toMatchObject({ threads: 1, memory: { maximum: 68 * MiB } });
  });

  it('says of a tensor made before it which call took its backend away', async () => {
    const x = tensor([1]);
    await init({ maximumBytes: 69 * MiB, grain: 1000 });
    expect(() => add(x, x)).toThrow(
      'tensor: must be made again after init({ maximumBytes, grain }), got one of the deterministic backend that it replaced',
    );
  });

  it('keeps what is not named, and does nothing where nothing named is another', async () => {
    await init({ maximumBytes: 70 * MiB });
    const before = backend();
    await init({});
    await init({ maximumBytes: 70 * MiB, threads: 1, build: undefined } as unknown as WasmOptions);
    expect(backend()).toBe(before);
    await init({ grain: 20_000 });
    expect(backend()).not.toBe(before);
    expect(info().memory.maximum).toBe(70 * MiB);
  });

  it.each([
    [{ build: 'fast' }, 'init: build must be deterministic or relaxed, got fast'],
    [{ maxBytes: 1e9 }, 'init: options must be among build, module, bytes, maximumBytes, threads, worker, grain, got maxBytes'],
    [{ maximumBytes: '1e9' }, 'init: maximumBytes must be a number from 0, got 1e9'],
    [{ maximumBytes: Number.NaN }, 'init: maximumBytes must be a number from 0, got NaN'],
    [{ maximumBytes: 5 }, 'init: maximumBytes must be at least 65536, got 5'],
    [{ threads: '2' }, 'init: threads must be a number from 0, got 2'],
    [{ threads: 1.5 }, 'init: threads must be a whole number from 1 to 64, got 1.5'],
    [{ grain: -1 }, 'init: grain must be a number from 0, got -1'],
    [{ worker: 7 }, 'init: worker must be a string or URL, got 7'],
    [{ module: 'saccade.wasm' }, 'init: module must be an object, got saccade.wasm'],
    [{ bytes: new Uint8Array(3), maximumBytes: 71 * MiB }, 'init: bytes must be a whole saccade.wasm, got 3 bytes'],
  ])('refuses %o and leaves all as it was', async (options, message) => {
    const before = backend();
    const x = tensor([1, 2]);
    await expect(init(options as WasmOptions)).rejects.toThrow(message);
    expect(backend()).toBe(before);
    expect(Array.from(add(x, x).toArray())).toEqual([2, 4]);
  });

  it('that failed does not stop the next one in flight', async () => {
    const results = await Promise.allSettled([
      init({ bytes: new Uint8Array(3), maximumBytes: 72 * MiB }),
      init({ maximumBytes: 73 * MiB }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(info().memory.maximum).toBe(73 * MiB);
  });
});

describe('a host without import(), as service workers are', () => {
  afterEach(() => {
    vi.doUnmock('../../src/runtime/generated/deterministic.ts');
    vi.doUnmock('../../src/runtime/refusal.ts');
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  /** `init` of a module graph of its own in which such imports fail. */
  async function stranded(...paths: string[]): Promise<typeof import('../../src/runtime/wasm.ts')> {
    vi.resetModules();
    for (const path of paths) {
      vi.doMock(path, () => {
        throw new TypeError('import() is disallowed on ServiceWorkerGlobalScope');
      });
    }
    return import('../../src/runtime/wasm.ts');
  }

  it('gets the kernels from the file beside the module', async () => {
    const { readFileSync } = await import('node:fs');
    const { wasmBackend } = await stranded('../../src/runtime/generated/deterministic.ts');
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: URL) => {
      asked.push(url.pathname.split('/').at(-1) as string);
      return new Response(readFileSync(new URL('../../build/saccade.wasm', import.meta.url)));
    });
    expect((await wasmBackend()).build).toBe('deterministic');
    expect(asked).toEqual(['saccade.wasm']);
  });

  it('is told what to do where there is no such file either', async () => {
    const { wasmBackend } = await stranded('../../src/runtime/generated/deterministic.ts');
    const message = 'init: the host must have import() or saccade.wasm beside this, got neither; pass init({ bytes })';
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(wasmBackend()).rejects.toThrow(message);
    vi.stubGlobal('fetch', undefined);
    await expect(wasmBackend()).rejects.toThrow(message);
  });

  it('is told why bytes are refused although the words cannot be loaded', async () => {
    const { wasmBackend } = await stranded('../../src/runtime/refusal.ts');
    await expect(wasmBackend({ bytes: new Uint8Array(3) })).rejects.toThrow(/^init: module must be .* deterministic .*, got CompileError/);
  });
});

describe('withBackend', () => {
  it('refuses an async function, and what the function does later ends nothing', async () => {
    const before = backend();
    const lost: unknown[] = [];
    const note = (reason: unknown) => lost.push(reason);
    process.on('unhandledRejection', note);
    expect(() =>
      withBackend(referenceBackend(), async () => {
        const x = tensor([1]);
        await null;
        return add(x, x); // on another backend by now
      }),
    ).toThrow('withBackend: fn must be synchronous, got a promise');
    expect(backend()).toBe(before);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(lost).toEqual([]);
  });
});
