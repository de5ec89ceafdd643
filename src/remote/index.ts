/** A model in a Web Worker, called from a page. @module */

export type { HandlerCall, Handlers, Port } from './messages.ts';
export { Remote, type RemoteOptions } from './remote.ts';
export { serve } from './serve.ts';
