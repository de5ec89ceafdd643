// What callers in JavaScript give to what the package exports: nothing, and whatever else is none of what is wanted. It is a clear error, never
// the engine's own words, and a tensor of another copy of the package passes nowhere.
import { describe, expect, it, vi } from 'vitest';
import * as saccade from '../../src/all.ts';

vi.resetModules();
const copy = await import('../../src/all.ts');
await copy.init();

type Call = (...args: unknown[]) => unknown;

const four = (value: unknown) => [value, value, value, value];
const given: Record<string, () => unknown[]> = {
  nothing: () => [],
  undefined: () => four(undefined),
  null: () => four(null),
  'a number': () => four(5),
  'a text': () => four('a'),
  'an object': () => four({}),
  'of another copy': () => four(copy.ones([2, 3])),
};

/** What users do not make themselves: abstract, or made by another function, which checks. */
const made = new Set(
  'AttendingReader Config EncoderDecoder Forecaster Front HeadedAttention KeyValueCache LanguageModelCache LayersModel Module OnnxShare OnnxSize Optimizer Pretrained Reader Score SequenceClassifier TextClassifier Transducer'.split(
    ' ',
  ),
);

/** What acts on the program as a whole, or on the file system and the network, which have words of their own. */
const outside = new Set(['init', 'withBackend', 'serve', 'loadCheckpoint', 'loadFile', 'loadLayersModel', 'loadUniversalSentenceEncoder']);

/** Takes whatever there is, since it looks at none of it, or is asked what something is. */
const any = new Set([
  ...['info', 'memoryReport', 'backend', 'randomPlacement', 'storyWords', 'OutOfMemoryError', 'wasmBackend'], // no arguments, or options without this name
  ...['empty', 'expectTensor'], // the first argument is the caller's own name
]);

const clear = /^[\w. ]+: .*(, got |; )/s;
const exported = Object.entries(saccade).filter(
  (entry): entry is [string, Call] => typeof entry[1] === 'function' && !made.has(entry[0]) && !outside.has(entry[0]),
);

describe.each(Object.entries(given))('exports that are given what is %s', (kind, args) => {
  it('say so, or take it', async () => {
    const wrongs: string[] = [];
    for (const [name, value] of exported) {
      const Made = value as unknown as new (...list: unknown[]) => unknown;
      let failed = '';
      try {
        const result = /^class\b/.test(String(value)) ? new Made(...args()) : value(...args());
        await (result as Promise<unknown> | undefined);
        if (kind === 'of another copy' && !any.has(name)) failed = 'passes';
      } catch (error) {
        const { message } = error as Error;
        if (!any.has(name) && !clear.test(message)) failed = message;
      }
      if (failed) wrongs.push(`${name}: ${failed.split('\n')[0]}`);
    }
    expect(wrongs).toEqual([]);
  });
});

it('tries most of what there is', () => expect(exported.length).toBeGreaterThan(400));
