import { describe, expect, it } from 'vitest';
import { type HandlerCall, type Port, Remote, serve } from '../../src/remote/index.ts';

const turns = async (count = 5) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
};

/** Two ends of a channel: a remote of handlers that are served at the other. */
function pair() {
  const { port1, port2 } = new MessageChannel();
  const seen: string[] = [];
  const held: (() => void)[] = [];
  const handlers = {
    double: (x: number) => 2 * x,
    later: async (x: Float32Array) => x.map((value) => value + 1),
    fails: (told: string) => {
      throw new RangeError(told);
    },
    throwsText: () => {
      throw 'no error at all';
    },
    counts: async (to: number, { progress }: HandlerCall) => {
      for (let i = 1; i <= to; i++) progress(i);
      return 'done';
    },
    waits: (name: string, { signal }: HandlerCall) =>
      new Promise<string>((resolve) => {
        seen.push(name);
        held.push(() => resolve(name));
        signal.addEventListener('abort', () => seen.push(`${name} aborted`));
      }),
  };
  serve(handlers, port2 as unknown as Port);
  const remote = new Remote<typeof handlers>(port1 as unknown as Port);
  return { remote, seen, held, close: () => remote.close() };
}

describe('Remote and serve', () => {
  it('calls, awaits, tells progress in order, and throws what was thrown', async () => {
    const { remote, close } = pair();
    expect(await Promise.all([remote.call('double', 4), remote.call('double', 5)])).toEqual([8, 10]);
    expect(await remote.call('later', Float32Array.of(1, 2))).toEqual(Float32Array.of(2, 3));
    const found: unknown[] = [];
    expect(await remote.call('counts', 3, { onProgress: (value) => found.push(value) })).toBe('done');
    expect(found).toEqual([1, 2, 3]);
    const error = await remote.call('fails', 'loss: must be finite, got NaN').catch((caught: Error) => caught);
    expect([(error as Error).name, (error as Error).message]).toEqual(['RangeError', 'loss: must be finite, got NaN']);
    await expect(remote.call('throwsText', undefined as never)).rejects.toThrow('no error at all');
    await expect(remote.call('triple' as 'double', 1)).rejects.toThrow(
      'serve: calls must be among double, later, fails, throwsText, counts, waits, got triple',
    );
    await expect(remote.call('toString' as 'double', 1)).rejects.toThrow('got toString');
    await expect(remote.call('double', (() => 1) as unknown as number)).rejects.toThrow(/clone/);
    expect(await remote.call('double', 1)).toBe(2); // and goes on
    close();
  });

  it('aborts: the promise at once, the handler by its signal', async () => {
    const { remote, seen, held, close } = pair();
    const control = new AbortController();
    const call = remote.call('waits', 'a', { signal: control.signal });
    await turns();
    control.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await turns();
    expect(seen).toEqual(['a', 'a aborted']);
    held[0]?.(); // its late result goes nowhere
    await expect(remote.call('waits', 'b', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    await turns();
    expect(seen).toEqual(['a', 'a aborted']);
    close();
  });

  it('latest: one at a time, the newest next, those between give nothing', async () => {
    const { remote, seen, held, close } = pair();
    const calls = ['a', 'b', 'c', 'd'].map((name) => remote.latest('waits', name));
    await turns();
    expect(seen).toEqual(['a']);
    held[0]?.();
    await turns();
    expect(seen).toEqual(['a', 'd']);
    held[1]?.();
    expect(await Promise.all(calls)).toEqual(['a', undefined, undefined, 'd']);
    const again = remote.latest('waits', 'e'); // free again
    await turns();
    held[2]?.();
    expect(await again).toBe('e');
    await expect(remote.latest('fails', 'x')).rejects.toThrow('x');
    const after = remote.latest('fails', 'y');
    await expect(after).rejects.toThrow('y'); // an error does not block the next
    close();
  });

  it('fails every call when the worker dies or is closed', async () => {
    const listeners = new Map<string, (event: unknown) => void>();
    const port = {
      postMessage: () => undefined,
      addEventListener: (type: string, listener: (event: unknown) => void) => void listeners.set(type, listener),
    };
    const remote = new Remote<{ f: (x: number) => number }>(port as unknown as Port);
    const [call, typed] = [remote.call('f', 1), remote.latest('f', 1)];
    listeners.get('error')?.({ type: 'error', message: 'out of memory' });
    await expect(call).rejects.toThrow('Remote: the worker must run, got out of memory');
    await expect(typed).rejects.toThrow('out of memory');
    await expect(remote.call('f', 2)).rejects.toThrow('out of memory');
    const { remote: other } = pair();
    const waiting = other.call('waits', 'a');
    other.close();
    await expect(waiting).rejects.toThrow('Remote: the worker must be there, got a call of close');
  });

  it('refuses what is no port, no handler and no option', () => {
    expect(() => new Remote(undefined as unknown as Port)).toThrow('Remote: port must be a Worker or a MessagePort, got undefined');
    expect(() => serve({ a: 3 } as never)).toThrow('serve: handlers must be functions by name, got 3');
    expect(() => serve(undefined as never)).toThrow('serve: handlers must be functions by name, got undefined');
    const { remote, close } = pair();
    expect(() => remote.call('double', 1, { onprogress: () => 1 } as object)).toThrow(
      'Remote: options must be among signal, onProgress, got onprogress',
    );
    close();
  });
});

describe('what does not belong to a call', () => {
  it('is refused among the options, by name', () => {
    const { remote, close } = pair();
    const wrongs = [
      [{ signal: 5 }, 'Remote: signal must be an AbortSignal, got 5'],
      [{ signal: { aborted: false } }, 'Remote: signal must be an AbortSignal, got an object'],
      [{ onProgress: 5 }, 'Remote: onProgress must be a function, got 5'],
      [{ abort: true }, 'Remote: options must be among signal, onProgress, got abort'],
    ] as const;
    for (const [options, message] of wrongs) expect(() => remote.call('double', 1, options as object)).toThrow(message);
    close();
  });

  it('is left alone on the port, where others may speak', async () => {
    const listeners: ((event: { data: unknown }) => void)[] = [];
    const said: unknown[] = [];
    const port = { postMessage: (x: unknown) => said.push(x), addEventListener: (_: string, f: never) => listeners.push(f) };
    serve({ double: (x: number) => 2 * x } as never, port as unknown as Port);
    new Remote(port as unknown as Port);
    for (const data of [null, undefined, 'hello', 7, {}, { type: 'refresh' }, { id: 99, result: 1 }])
      for (const hear of listeners.slice(0, 2)) expect(() => hear({ data })).not.toThrow();
    await turns();
    expect(said.map((x) => (x as { id: unknown }).id)).toEqual([99]); // a call without a name, which is answered by an error
  });
});
