import type { Window } from './parts.ts';

/** Everywhere the mask allows. */
export const everywhere: Window = { limit: (scores, { mask }) => (mask ? { scores, mask } : { scores }) };
