// How a language model knows where its tokens stand: something added to their vectors, something done to queries and keys, or to scores.

import { type Between, CombinedBetween, type QKNorm, Rotary } from '../../attention/between.ts';
import type { Window } from '../../attention/parts.ts';
import { CombinedWindow, causal, sliding } from '../../attention/window.ts';
import { Embedding } from '../../nn/embedding.ts';
import { Module } from '../../nn/module.ts';
import { rotaryTable } from '../../nn/positions/rotary-table.ts';
import { sinusoidalTable } from '../../nn/positions/sinusoidal.ts';
import { expectOptions } from '../../tensor/check.ts';
import type { Key } from '../../tensor/random.ts';
import { outside } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { isRotaryChoice, type LanguageModelOptions, type RotaryChoice } from './language-options.ts';

/** Rows that a table of rotary positions begins with. It doubles where texts grow longer: rows that there were stay as they are. */
const ROWS = 1024;

/** Rotary positions of texts up to `length`, with a table as long as the texts so far. */
export class GrowingRotary extends Module implements Between {
  private rotary: Rotary;
  private readonly grown: (rows: number) => Rotary;
  private readonly length: number;

  constructor(choice: RotaryChoice, headSize: number, length: number) {
    super();
    expectOptions('LanguageModel rotary', choice, isRotaryChoice);
    const { width = headSize, base, scaling, layout } = choice;
    this.grown = (rows) => new Rotary({ table: outside(() => rotaryTable({ width, length: rows, base, scaling })), layout });
    this.length = length;
    this.rotary = this.grown(Math.min(length, ROWS));
  }

  /** Makes rows for texts of `length` tokens, padding counted. */
  reach(length: number): void {
    const rows = this.rotary.table.shape[0] as number;
    if (length > rows) this.rotary = this.grown(Math.max(length, Math.min(this.length, 2 * rows)));
  }

  query(x: Tensor, positions: Tensor): Tensor {
    return this.rotary.query(x, positions);
  }

  key(x: Tensor, positions: Tensor): Tensor {
    return this.rotary.key(x, positions);
  }
}

/** What is added to the vectors of tokens: a row for each position, learned or not. */
export function rowsOf({ positions = 'learned', length, size }: LanguageModelOptions, key: Key): Embedding | Tensor | undefined {
  if (positions === 'learned') return new Embedding({ symbols: length, size }, key);
  return positions === 'sinusoidal' ? outside(() => sinusoidalTable({ length, size })) : undefined;
}

/** What each layer does to queries and keys. */
export function betweensOf(
  options: LanguageModelOptions,
  rotary: GrowingRotary | undefined,
  norms: readonly QKNorm[],
): (Between | undefined)[] {
  return Array.from({ length: options.layers }, (_, i) => {
    const parts = [norms[i], rotary].filter((part) => part !== undefined);
    return parts.length > 1 ? new CombinedBetween(...parts) : parts[0];
  });
}

/** Where each layer may look: at what was before, of which a window takes the last. */
export function windowsOf({ layers, window }: LanguageModelOptions, distances: Window | undefined): Window[] {
  const each = typeof window === 'number' || window === undefined ? new Array<number | undefined>(layers).fill(window) : window;
  if (each.length !== layers)
    throw new RangeError(`LanguageModel: window must be one, or one for each of ${layers} layers, got ${each.length}`);
  return each.map((width) => {
    const parts = [causal, width ? sliding({ before: width - 1 }) : undefined, distances].filter((part) => part !== undefined);
    return parts.length > 1 ? new CombinedWindow(...parts) : causal;
  });
}
