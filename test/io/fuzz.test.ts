import { expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { foldIn, key, randomInt } from '../../src/tensor/random.ts';

const FILES = 120_000;

const seeds = [
  writeSafetensors([]),
  writeSafetensors([['a', { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]),
  writeSafetensors(
    [
      ['weight', { dtype: 'F64', shape: [2], data: Float64Array.of(1, 2) }],
      ['mask', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(0, 1, 1) }],
      ['steps', { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) }],
    ],
    { metadata: { epoch: '3' } },
  ),
];

const words = ['"', '{', '}', '[', ']', ',', ':', '-', '0', '9', 'e9', '.5', '\\', '\\u0061', 'null', '__proto__', '__metadata__', '[0,8]'];
const numbers = ['-1', '0', '1', '4', '8', '2147483648', '9007199254740993', '1e308', '1e999', '0.5', '"1"', '[]', '{}', 'true'];
const dtypes = ['F16', 'BF16', 'I32', 'U8', 'BOOL', 'F64', 'F8', ''];

/** One mutant, its every choice drawn from a key: bit flips, cuts, splices, numbers and words of the header exchanged, lengths. */
function mutant(n: number): Uint8Array {
  const from = foldIn(key(20_260), n);
  let drawn = 0;
  const below = (bound: number): number => randomInt(from, drawn++, bound);
  const of = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
  const start = of(seeds);
  let bytes: Uint8Array = start.slice();
  for (let change = below(3); change >= 0; change--) {
    const at = below(bytes.length + 1);
    const kind = below(8);
    const length = bytes.length >= 8 ? new DataView(bytes.buffer).getUint32(0, true) : 0;
    if (kind === 0 && at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    else if (kind === 1) bytes = bytes.slice(0, at);
    else if (kind === 2) {
      const other = of(seeds);
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(below(other.length))]);
    } else if (kind === 3 && bytes.length >= 8) bytes[below(8)] = below(256);
    else if (kind === 4) bytes = Uint8Array.from([...bytes.subarray(0, at), ...new TextEncoder().encode(of(words)), ...bytes.subarray(at)]);
    else if (bytes.length >= 8 + length) {
      // A header that is edited keeps a right length, so that the rules behind JSON are reached.
      const find = kind === 5 ? /\d+/g : kind === 6 ? /[FI]\d\d|BOOL/g : /"[a-z_]+"/g;
      const put = kind === 5 ? numbers : kind === 6 ? dtypes : words.slice(-3).map((word) => JSON.stringify(word));
      const skip = below(6);
      let seen = 0;
      const header = text(bytes.subarray(8, 8 + length)).replace(find, (match) => (seen++ === skip ? of(put) : match));
      const next = Uint8Array.from([...bytes.subarray(0, 8), ...header].map((c) => (typeof c === 'string' ? c.charCodeAt(0) : c)));
      const joined = Uint8Array.from([...next, ...bytes.subarray(8 + length)]);
      new DataView(joined.buffer).setUint32(0, header.length, true);
      bytes = joined;
    }
  }
  return bytes;
}

it(`reads each of ${FILES} mutated files or refuses it with an error of its own`, () => {
  const outcomes = new Map<string, number>();
  let longest = 0;
  for (let n = 0; n < FILES; n++) {
    const bytes = mutant(n);
    let outcome = 'read';
    try {
      const { tensors } = readSafetensors(bytes);
      let held = 0;
      for (const { shape, data } of tensors.values()) {
        if (data.length !== shape.reduce((size, length) => size * length, 1)) throw new Error(`mutant ${n}: shape and data disagree`);
        held += data.byteLength;
      }
      longest = Math.max(longest, held - 2 * bytes.length);
      // What was read can be written and read again.
      if (n % 16 === 0) {
        expect([...readSafetensors(writeSafetensors(tensors)).tensors]).toEqual([...tensors]);
      }
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('safetensors: ')) throw new Error(`mutant ${n}`, { cause: error });
      outcome = error.message
        .slice(13)
        .replace(/, got .*/s, '')
        .replace(/"([^"\\]|\\.)*"/g, 'NAME')
        .replace(/\d+/g, 'N');
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(longest).toBeLessThanOrEqual(0);
  // The mutants reach the rules they are meant for, and enough of them stay readable.
  expect(outcomes.get('read')).toBeGreaterThan(FILES / 100);
  for (const rule of [
    'header must end',
    'must be JSON',
    'must have a dtype',
    'must have a shape',
    'must lie inside',
    'bytes as',
    'cover',
    'once',
  ]) {
    expect(
      [...outcomes.keys()].some((outcome) => outcome.includes(rule)),
      rule,
    ).toBe(true);
  }
});
