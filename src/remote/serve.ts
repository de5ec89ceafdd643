import { shown } from '../tensor/check.ts';
import { type Asked, type Handlers, isOurs, type Port, type Told } from './messages.ts';

const isFunction = (value: unknown) => typeof value === 'function';

/**
 * Answers the calls of a page, in a worker: `serve({ teach: async (rows, { progress, signal }) => …, predict: (text) => … })`. Handlers that await something run side by side. What a handler throws is thrown in the page. `port` is where calls come from; in a worker it is left out.
 */
export function serve(handlers: Handlers, port: Port = globalThis as unknown as Port): void {
  const wrong = Object.entries(Object(handlers) as Handlers).find(([, each]) => !isFunction(each));
  if (!handlers || wrong) throw new TypeError(`serve: handlers must be functions by name, got ${shown(wrong ? wrong[1] : handlers)}`);
  const running = new Map<number, AbortController>();
  const tell = (told: Told) => port.postMessage(told);

  async function answer(id: number, name: string, given: unknown): Promise<void> {
    const control = new AbortController();
    running.set(id, control);
    try {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new RangeError(`serve: calls must be among ${Object.keys(handlers).join(', ')}, got ${name}`);
      const progress = (value: unknown) => tell({ id, progress: value });
      tell({ id, result: await handler(given as never, { signal: control.signal, progress }) });
    } catch (error) {
      const { name: kind = 'Error', message = String(error) } = Object(error) as Partial<Error>;
      tell({ id, error: { name: kind, message } });
    } finally {
      running.delete(id);
    }
  }

  port.addEventListener('message', ({ data }: MessageEvent<Asked>) => {
    if (!isOurs(data)) return;
    if ('abort' in data) running.get(data.id)?.abort();
    else void answer(data.id, data.name, data.given);
  });
  port.start?.();
}
