import type { State } from '../nn/state.ts';
import type { Storage } from '../runtime/storage.ts';
import { othersTurn } from '../runtime/turn.ts';
import { maybe, type Rules, ruleOf } from '../tensor/check.ts';
import type { Decoder, Hypothesis } from './decoder.ts';
import { likeliest, rowsOf, type WrittenStep, writing } from './lines.ts';
import { expectSearch, type SearchOptions, searching } from './options.ts';
import { type Drawing, drawing, drawnFrom, keysOf } from './sample.ts';
import { Stepper } from './stepper.ts';

/** When {@link generate} stops, and how often it yields to other tasks. */
export interface GenerateControls {
  /** Stops after the current step. */
  signal?: AbortSignal;
  /** Milliseconds of work before yielding to other tasks. Default 16. */
  yieldEvery?: number;
}

/** All options of `generate`. Without a key it writes the likeliest tokens, with a key it draws. */
export interface GenerateOptions extends SearchOptions, Partial<Drawing>, GenerateControls {}

/** The rules of {@link GenerateControls}. */
export const controls: Rules<GenerateControls> = {
  signal: /* @__PURE__ */ maybe(
    /* @__PURE__ */ ruleOf('an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'),
  ),
  yieldEvery: /* @__PURE__ */ maybe(/* @__PURE__ */ ruleOf('a number from 0', (value) => typeof value === 'number' && value >= 0)),
};

const generating: Rules<GenerateOptions> = { ...searching, ...drawing, key: /* @__PURE__ */ maybe(drawing.key), ...controls };

/**
 * Greedy search or sampling, step by step: `for await (const { tokens } of generate(decoder, source, { … }))`, one event per step. Leaving
 * the loop ends it and frees what it made. Returns the hypotheses at the end.
 */
export function generate<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  source: Source,
  options: GenerateOptions,
): AsyncGenerator<WrittenStep, Hypothesis[]> {
  expectSearch('generate', options, generating);
  const { key, temperature, topK, topP } = options;
  const idle = Object.entries({ temperature, topK, topP }).find(([, value]) => value !== undefined)?.[0];
  if (key === undefined && idle) throw new RangeError(`generate: ${idle} needs a key to draw from, got none`);
  return steps(decoder, source, options);
}

async function* steps<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  source: Source,
  options: GenerateOptions,
): AsyncGenerator<WrittenStep, Hypothesis[]> {
  const { batch, key, signal, yieldEvery = 16 } = options;
  const next = key === undefined ? likeliest : drawnFrom(keysOf('generate', key, batch), { ...options, key });
  const stepper = new Stepper('generate', decoder, source, options);
  const lines = writing('generate', stepper, options, rowsOf(batch), next, () => !signal?.aborted);
  let rested = performance.now();
  let owned: readonly Storage[] = [];
  try {
    for (;;) {
      const now = lines.next();
      if (now.done) return now.value;
      owned = stepper.pause();
      yield now.value;
      if (performance.now() - rested >= yieldEvery) {
        await othersTurn();
        rested = performance.now();
      }
      stepper.resume(owned);
      owned = [];
    }
  } finally {
    stepper.resume(owned);
    stepper.close();
  }
}
