import { expectOptions, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { type Asked, errorOf, type Handlers, isOurs, type Port, type Told } from './messages.ts';

/** Options of a call. */
export interface RemoteOptions {
  /** Gives the call up: the promise is rejected at once, and the handler's own signal is aborted. */
  signal?: AbortSignal | undefined;
  /** What the handler tells underway. */
  onProgress?: ((value: unknown) => void) | undefined;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onProgress: RemoteOptions['onProgress'];
}

const rules: Rules<RemoteOptions> = {
  signal: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('an AbortSignal', (value) => value instanceof AbortSignal)),
  onProgress: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a function', (value) => typeof value === 'function')),
};

/** A call that waits until the one under way has ended. */
interface Waiting {
  start(): void;
  skip(): void;
}

/**
 * A worker's handlers, called from a page: `const teacher = new Remote<typeof handlers>(new Worker(new URL('./teacher.ts', import.meta.url), { type:
 * 'module' }))`. The worker's side is {@link serve}. If the worker dies, every call that waits for it fails and says why.
 *
 * @typeParam H what the worker serves: the type of the object that it gives to {@link serve}, from which names, arguments and results follow.
 */
export class Remote<H extends Handlers> {
  private readonly port: Port;
  private readonly pending = new Map<number, Pending>();
  private readonly busy = new Map<string, Waiting | undefined>();
  private count = 0;
  private dead: Error | undefined;

  constructor(port: Port) {
    if (typeof (port as Port | undefined)?.postMessage !== 'function')
      throw new TypeError(`Remote: port must be a Worker or a MessagePort, got ${String(port)}`);
    this.port = port;
    port.addEventListener('message', ({ data }: MessageEvent<Told>) => this.hear(data));
    for (const type of ['error', 'messageerror'] as const)
      port.addEventListener(type, (event) =>
        this.fail(new Error(`Remote: the worker must run, got ${(event as ErrorEvent).message ?? event.type}`)),
      );
    port.start?.();
  }

  /** Calls a handler. Its result, what it throws, and its progress come back as copies. */
  call<K extends keyof H & string>(name: K, given: Parameters<H[K]>[0], options: RemoteOptions = {}): Promise<Awaited<ReturnType<H[K]>>> {
    expectOptions('Remote', options, rules);
    const { signal, onProgress } = options;
    const id = this.count++;
    let abort = () => {};
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.dead) throw this.dead;
      if (signal?.aborted) throw signal.reason;
      this.send({ id, name, given }); // throws what cannot be cloned
      this.pending.set(id, { resolve, reject, onProgress });
      abort = () => {
        this.pending.delete(id);
        this.send({ id, abort: true });
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
    return result.finally(() => signal?.removeEventListener('abort', abort)) as Promise<Awaited<ReturnType<H[K]>>>;
  }

  /**
   * {@link call} for predictions while someone types: one call of a name runs at a time, and of those made meanwhile only the latest runs after it. The others
   * give `undefined`.
   */
  async latest<K extends keyof H & string>(
    name: K,
    given: Parameters<H[K]>[0],
    options: RemoteOptions = {},
  ): Promise<Awaited<ReturnType<H[K]>> | undefined> {
    if (this.busy.has(name)) {
      const goes = await new Promise<boolean>((resolve) => {
        this.busy.get(name)?.skip();
        this.busy.set(name, { start: () => resolve(true), skip: () => resolve(false) });
      });
      if (!goes) return undefined;
    }
    this.busy.set(name, undefined);
    try {
      return await this.call(name, given, options);
    } finally {
      const next = this.busy.get(name);
      if (next) next.start();
      else this.busy.delete(name);
    }
  }

  /** Ends the worker; calls that wait for it fail. */
  close(): void {
    this.fail(new Error('Remote: the worker must be there, got a call of close'));
    (this.port.terminate ?? this.port.close)?.call(this.port);
  }

  private send(asked: Asked): void {
    this.port.postMessage(asked);
  }

  private hear(told: Told): void {
    if (!isOurs(told)) return;
    const call = this.pending.get(told.id);
    if (!call) return;
    if ('progress' in told) {
      call.onProgress?.(told.progress);
      return;
    }
    this.pending.delete(told.id);
    if ('error' in told) call.reject(errorOf(told.error));
    else call.resolve(told.result);
  }

  private fail(error: Error): void {
    this.dead = error;
    const calls = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of calls) reject(error);
  }
}
