// The tasks of the RL-NTM (Zaremba and Sutskever 2015, §4): a tape to read, and a tape to write.

import { expectOptions, isCount, isOneOf, isSize } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { foldIn, type Key, randomInt } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The tasks by the paper's names. */
export type TapeTask = 'copy' | 'duplicatedInput' | 'reverse' | 'repeatCopy' | 'forwardReverse';

/** Tapes of a batch. */
export interface TapeProblems {
  /** What stands on the input tapes, int32 `[B, S]`, the end sign 1 last. */
  readonly input: Tensor;
  /** What is to be written, int32 `[B, T]`, the end sign last. */
  readonly target: Tensor;
}

/** Options of {@link tapeProblems}. */
export interface TapeSizes {
  /** What to do: see {@link tapeProblems}. */
  task: TapeTask;
  /** B, the number of tapes. */
  batch: number;
  /** The number of symbols on a tape, before any is repeated. */
  length: number;
  /** The number of different symbols: signs 2, 3, … */
  symbols: number;
}

const END = 1;
/** How often each symbol stands on the tape of `duplicatedInput`. */
const COPIES = 3;

const tasks: Record<
  TapeTask,
  { input: (x: number[], times: number, symbols: number) => number[]; target: (x: number[], times: number) => number[] }
> = {
  copy: { input: (x) => x, target: (x) => x },
  duplicatedInput: { input: (x) => x.flatMap((sign) => Array.from({ length: COPIES }, () => sign)), target: (x) => x },
  reverse: { input: (x) => x, target: (x) => x.toReversed() },
  repeatCopy: {
    input: (x, times, symbols) => [symbols + times, ...x],
    target: (x, times) => Array.from({ length: times }, () => x).flat(),
  },
  forwardReverse: { input: (x) => x, target: (x) => [...x, ...x.toReversed()] },
};

/** How many signs there are besides symbols: blank, end, and two numbers of repeats. */
const OTHERS = 4;

/** The number of signs of a tape of so many symbols: blank 0, end 1, the symbols, and `twice` and `three times`. */
export function tapeSigns(symbols: number): number {
  isSize('tapeSigns', 'symbols', symbols);
  return symbols + OTHERS;
}

/**
 * Random tapes: `copy` asks for the same again; `duplicatedInput` has each symbol three times and asks for one of each; `reverse` asks for the last first; `repeatCopy` begins with a sign
 * for 2 or 3 and asks for the rest so many times; `forwardReverse` asks for it forwards and then backwards. All tapes of a batch have one length.
 */
export function tapeProblems(key: Key, sizes: TapeSizes): TapeProblems {
  expectOptions('tapeProblems', sizes, { task: isOneOf(...Object.keys(tasks)), batch: isCount, length: isSize, symbols: isSize });
  const { task, batch, length, symbols } = sizes;
  const times = 2 + randomInt(foldIn(key, 0), 0, 2);
  const own = foldIn(key, 1);
  const rows = Array.from({ length: batch }, (_, b) => Array.from({ length }, (_, i) => 2 + randomInt(own, b * length + i, symbols)));
  const tapes = (f: (x: number[]) => number[]) => {
    const all = rows.map((row) => [...f(row), END]);
    const width = f(Array.from({ length }, () => 2)).length + 1;
    return tensor(Int32Array.from(all.flat()), { shape: [batch, width] });
  };
  return { input: tapes((x) => tasks[task].input(x, times, symbols)), target: tapes((x) => tasks[task].target(x, times)) };
}
