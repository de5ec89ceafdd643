// The five tasks of the Neural Turing Machine (Graves, Wayne, Danihelka 2014, §4): sequences to read, and what to say after them.

import { log, sin, square, uniform } from '../ops/index.ts';
import { expectOptions, firstWrong, isCount, isList, isSize, isWhole, maybe, ruleOf, shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { type Key, randomInt, split } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sequences to read, all of one length, and the answers that their last steps ask for. */
export interface MemoryProblems {
  /** `[B, T, I]`; zeros while the answer is said. */
  readonly inputs: Tensor;
  /** Bits, 0 or 1, `[B, answers, O]`: of the last steps. */
  readonly targets: Tensor;
}

/** Rows of numbers that become `[B, T, D]`: `set(b, t, channel, value)`. */
function sheet(batch: number, steps: number, width: number) {
  const values = new Float32Array(batch * steps * width);
  return {
    set(b: number, t: number, channel: number, value: number): void {
      values[(b * steps + t) * width + channel] = value;
    },
    tensor: () => tensor(values, { shape: [batch, steps, width] }),
  };
}

/** Bits 0 and 1, each as likely, by number. */
function coins(key: Key, count: number): (i: number) => 0 | 1 {
  const drawn = uniform(key, [count]).toArray();
  return (i) => ((drawn[i] as number) < 0.5 ? 0 : 1);
}

/** Options of {@link copyProblems}. */
export interface CopyTaskSizes {
  /** B, the number of sequences. */
  batch: number;
  /** The number of vectors to copy. */
  length: number;
  /** Bits of a vector. Default 8. */
  bits?: number | undefined;
}

const copySizes = { batch: isCount, length: isSize, bits: /* @__PURE__ */ maybe(isSize) };

/** Copying (§4.1): `length` vectors of bits, then a flag in a channel of its own; the answer is the vectors again. I = bits + 1, T = 2 length + 1. */
export function copyProblems(key: Key, sizes: CopyTaskSizes): MemoryProblems {
  expectOptions('copyProblems', sizes, copySizes);
  return repeated(key, { ...sizes, repeats: 1 }, false);
}

/** Options of {@link repeatCopyProblems}. */
export interface RepeatCopyTaskSizes extends CopyTaskSizes {
  /** How often to say them. */
  repeats: number;
}

/** Mean and deviation of the numbers of repeats 1 … 10. */
const REPEATS = { mean: 5.5, deviation: /* @__PURE__ */ Math.sqrt(8.25) };

/**
 * Copying several times (§4.2): as {@link copyProblems}, and with the flag comes the number of repeats, in a channel of its own and scaled so that 1 … 10
 * have mean 0 and deviation 1. The answer is the vectors so many times, and then an end mark in a channel of its own. I = bits + 2, O = bits + 1.
 */
export function repeatCopyProblems(key: Key, sizes: RepeatCopyTaskSizes): MemoryProblems {
  expectOptions('repeatCopyProblems', sizes, { ...copySizes, repeats: isSize });
  return repeated(key, sizes, true);
}

function repeated(key: Key, { batch, length, repeats, bits = 8 }: RepeatCopyTaskSizes, counted: boolean): MemoryProblems {
  const extra = counted ? 1 : 0;
  const answers = length * repeats + extra;
  const inputs = sheet(batch, length + 1 + answers, bits + 1 + extra);
  const targets = sheet(batch, answers, bits + extra);
  const coin = coins(key, batch * length * bits);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < length * bits; i++) {
      const [t, channel, bit] = [Math.floor(i / bits), i % bits, coin(b * length * bits + i)];
      inputs.set(b, t, channel, bit);
      for (let r = 0; r < repeats; r++) targets.set(b, r * length + t, channel, bit);
    }
    inputs.set(b, length, bits, 1);
    if (!counted) continue;
    inputs.set(b, length, bits + 1, (repeats - REPEATS.mean) / REPEATS.deviation);
    targets.set(b, answers - 1, bits, 1);
  }
  return { inputs: inputs.tensor(), targets: targets.tensor() };
}

/** Options of {@link recallProblems}. */
export interface RecallSizes {
  /** B, the number of sequences. */
  batch: number;
  /** The number of items, from 2. */
  items: number;
  /** Bits of a vector. Default 6. */
  bits?: number | undefined;
  /** Vectors of an item. Default 3. */
  itemLength?: number | undefined;
}

const recallSizes = {
  batch: isCount,
  items: /* @__PURE__ */ isWhole(2),
  bits: /* @__PURE__ */ maybe(isSize),
  itemLength: /* @__PURE__ */ maybe(isSize),
};

/**
 * Associative recall (§4.3): items of several vectors, each after a flag; then one of them again, but not the last, between two flags of another
 * channel. The answer is the item that followed it. I = bits + 2, T = (items + 2) · itemLength + items + 2.
 */
export function recallProblems(key: Key, sizes: RecallSizes): MemoryProblems {
  expectOptions('recallProblems', sizes, recallSizes);
  const { batch, items, bits = 6, itemLength = 3 } = sizes;
  const [forBits, forQueries] = split(key);
  const size = itemLength * bits;
  const coin = coins(forBits, batch * items * size);
  const query = items * (itemLength + 1);
  const inputs = sheet(batch, query + 2 * itemLength + 2, bits + 2);
  const targets = sheet(batch, itemLength, bits);
  for (let b = 0; b < batch; b++) {
    const asked = randomInt(forQueries, b, items - 1);
    const say = (item: number, to: (t: number, channel: number, bit: number) => void) => {
      for (let i = 0; i < size; i++) to(Math.floor(i / bits), i % bits, coin((b * items + item) * size + i));
    };
    for (let item = 0; item < items; item++) {
      const from = item * (itemLength + 1);
      inputs.set(b, from, bits, 1);
      say(item, (t, channel, bit) => inputs.set(b, from + 1 + t, channel, bit));
    }
    inputs.set(b, query, bits + 1, 1);
    say(asked, (t, channel, bit) => inputs.set(b, query + 1 + t, channel, bit));
    inputs.set(b, query + 1 + itemLength, bits + 1, 1);
    say(asked + 1, (t, channel, bit) => targets.set(b, t, channel, bit));
  }
  return { inputs: inputs.tensor(), targets: targets.tensor() };
}

/** How many bits a context has: its table fits memory. */
const isOrder = /* @__PURE__ */ ruleOf(
  'a whole number from 0 to 24',
  (n) => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 24,
);

/** Options of {@link ngramProblems}. */
export interface NgramSizes {
  /** B, the number of sequences. */
  batch: number;
  /** Bits of a sequence. Default 200. */
  length?: number | undefined;
  /** How many bits decide about the next. Default 5: 6-grams. */
  order?: number | undefined;
}

/** Problems of {@link ngramProblems} with what the best possible predictions cost. */
export interface NgramProblems extends MemoryProblems {
  /** For each sequence, the bits that {@link krichevskyTrofimov} needs for its targets. */
  readonly optimum: readonly number[];
}

/**
 * Dynamic n-grams (§4.4): each sequence has its own table of the probabilities of a 1 after every `order` bits, drawn from Beta(½, ½), and is drawn from it,
 * the first `order` bits evenly. Each bit is to be predicted from those before it: inputs `[B, length − 1, 1]`, targets `[B, length − order, 1]`.
 */
export function ngramProblems(key: Key, sizes: NgramSizes): NgramProblems {
  expectOptions('ngramProblems', sizes, { batch: isCount, length: maybe(isSize), order: maybe(isSize) });
  const { batch, length = 200, order = 5 } = sizes;
  isOrder('ngramProblems', 'order', order);
  if (length <= order) throw new RangeError(`ngramProblems: length must be above the order ${order}, got ${length}`);
  const [forTables, forBits] = split(key);
  const contexts = 1 << order;
  const tables = square(sin(uniform(forTables, [batch * contexts], { low: 0, high: Math.PI / 2 }))).toArray(); // the arcsine law is Beta(½, ½)
  const drawn = uniform(forBits, [batch * length]).toArray();
  const inputs = sheet(batch, length - 1, 1);
  const targets = sheet(batch, length - order, 1);
  const optimum = Array.from({ length: batch }, (_, b) => {
    const bits = new Int32Array(length);
    let context = 0;
    for (let t = 0; t < length; t++) {
      const one = t < order ? 0.5 : (tables[b * contexts + context] as number);
      const bit = (drawn[b * length + t] as number) < one ? 1 : 0;
      bits[t] = bit;
      context = (2 * context + bit) % contexts;
      if (t < length - 1) inputs.set(b, t, 0, bit);
      if (t >= order) targets.set(b, t - order, 0, bit);
    }
    return bitsOf(bits, krichevskyTrofimov(bits, order), order);
  });
  return { inputs: inputs.tensor(), targets: targets.tensor(), optimum };
}

/** What a sequence costs in bits after its first `order`, if a 1 was expected with these probabilities. */
function bitsOf(bits: Int32Array, ones: Float64Array, order: number): number {
  const chances = Float64Array.from(ones, (one, i) => (bits[i + order] === 1 ? one : 1 - one));
  return Array.from(log(tensor(chances)).toArray()).reduce((sum, x) => sum - x / Math.LN2, 0);
}

/**
 * The Bayesian's prediction under Beta(½, ½), `P(1) = (N₁ + ½) / (N₀ + N₁ + 1)` with the counts of what followed the same `order` bits so far
 * (Krichevsky and Trofimov 1981; Graves et al. 2014, eq. 10): no predictor that does not know the table does better on average. Returns one for each bit
 * after the first `order`.
 */
export function krichevskyTrofimov(bits: ArrayLike<number>, order: number): Float64Array {
  isOrder('krichevskyTrofimov', 'order', order);
  isList('krichevskyTrofimov', 'bits', bits);
  const odd = firstWrong(bits, (bit) => bit === 0 || bit === 1);
  if (odd.length > 0) throw new RangeError(`krichevskyTrofimov: bits must be 0 or 1, got ${shown(odd[0])}`);
  const contexts = 1 << order;
  const ones = new Float64Array(contexts);
  const all = new Float64Array(contexts);
  const predicted = new Float64Array(Math.max(0, bits.length - order));
  let context = 0;
  for (let t = 0; t < bits.length; t++) {
    const bit = bits[t] === 1 ? 1 : 0;
    if (t >= order) {
      predicted[t - order] = ((ones[context] as number) + 0.5) / ((all[context] as number) + 1);
      ones[context] = (ones[context] as number) + bit;
      all[context] = (all[context] as number) + 1;
    }
    context = (2 * context + bit) % contexts;
  }
  return predicted;
}

/** Options of {@link prioritySortProblems}. */
export interface PrioritySortSizes {
  /** B, the number of sequences. */
  batch: number;
  /** Vectors to read. Default 20. */
  items?: number | undefined;
  /** Vectors to say. Default 16. */
  answers?: number | undefined;
  /** Bits of a vector. Default 8. */
  bits?: number | undefined;
}

/**
 * Priority sort (§4.5): vectors of bits, each with a priority from [−1, 1) in a channel of its own. The answer is those with the highest priorities, the
 * highest first. I = bits + 1, T = items + answers.
 */
export function prioritySortProblems(key: Key, sizes: PrioritySortSizes): MemoryProblems {
  expectOptions('prioritySortProblems', sizes, { batch: isCount, items: maybe(isSize), answers: maybe(isSize), bits: maybe(isSize) });
  const { batch, items = 20, answers = 16, bits = 8 } = sizes;
  if (answers > items) throw new RangeError(`prioritySortProblems: answers must be at most the ${items} items, got ${answers}`);
  const [forBits, forPriorities] = split(key);
  const coin = coins(forBits, batch * items * bits);
  const priorities = uniform(forPriorities, [batch * items], { low: -1, high: 1 }).toArray();
  const inputs = sheet(batch, items + answers, bits + 1);
  const targets = sheet(batch, answers, bits);
  for (let b = 0; b < batch; b++) {
    const priority = (item: number) => priorities[b * items + item] as number;
    const order = Array.from({ length: items }, (_, i) => i).sort((i, j) => priority(j) - priority(i));
    const bit = (item: number, channel: number) => coin((b * items + item) * bits + channel);
    for (let t = 0; t < items; t++) {
      inputs.set(b, t, bits, priority(t));
      for (let channel = 0; channel < bits; channel++) inputs.set(b, t, channel, bit(t, channel));
    }
    for (const [t, item] of order.slice(0, answers).entries()) {
      for (let channel = 0; channel < bits; channel++) targets.set(b, t, channel, bit(item, channel));
    }
  }
  return { inputs: inputs.tensor(), targets: targets.tensor() };
}
