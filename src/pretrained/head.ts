// The map to the vocabulary of a language model: a file has it, or has it not, or has the embedding twice.

import type { LanguageModel } from '../models/transformer/language-model.ts';
import type { StateMapEntry } from '../nn/state-entry.ts';
import type { FileShapes } from './family.ts';

/** What becomes of the head. */
export interface Head {
  readonly tied: boolean;
  readonly entries: readonly StateMapEntry[];
  /** The entries once it is loaded. A head that repeats the embedding is tied to it. */
  settled(model: LanguageModel): readonly StateMapEntry[];
}

/** The file decides, whatever the config says: without a head of its own a model is tied, with one that is the same it is too, else it is not. */
export function headOf(shapes: FileShapes, head: string, embedding: string): Head {
  const tied = !shapes.has(head);
  const own: StateMapEntry[] = tied ? [] : [{ from: head, to: 'output.weight' }];
  return {
    tied,
    entries: own,
    settled(model) {
      if (tied) return own;
      const [symbols, output] = [model.symbols.weight.peek(), model.output.weight.peek()];
      if (symbols.length !== output.length || !symbols.every((value, i) => Object.is(value, output[i]))) return own;
      model.tie();
      return [{ from: head, tie: embedding }];
    },
  };
}
