// What a page and its worker say to each other.

/** What a handler is told beside its argument. */
export interface HandlerCall {
  /** Aborted when the page's signal is. */
  readonly signal: AbortSignal;
  /** Tells the page how far it is. */
  progress(value: unknown): void;
}

/** What a worker does, by name: from what the page gives to a result, or the promise of one. Both must be what `structuredClone` copies. */
export type Handlers = Readonly<Record<string, (given: never, call: HandlerCall) => unknown>>;

/** A `Worker`, a `MessagePort`, or what a worker's code runs in. */
export interface Port {
  /** Sends a copy, or throws `DataCloneError`. */
  postMessage(message: unknown): void;
  /** What the other side sends. */
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** The worker threw outside of any handler or could not be loaded, or a message could not be read. */
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  /** A `MessagePort` listens from then on. */
  start?(): void;
  /** Ends a `Worker` at once. */
  terminate?(): void;
  /** Cuts a `MessagePort` off. */
  close?(): void;
}

/** From the page: a call, or that one is given up. */
export type Asked = { id: number; name: string; given: unknown } | { id: number; abort: true };

/** From the worker: how far it is, and one of the other two at the end. */
export type Told =
  | { id: number; progress: unknown }
  | { id: number; result: unknown }
  | { id: number; error: { name: string; message: string } };

/** Whether a message is of these; others may speak on the same port. */
export const isOurs = (message: unknown): boolean => typeof Object(message).id === 'number';

/** The error that a message tells of. */
export const errorOf = (told: { name: string; message: string }): Error => Object.assign(Error(), told);
