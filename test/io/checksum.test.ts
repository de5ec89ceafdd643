import { describe, expect, it } from 'vitest';
import { digest } from '../../src/io/digest.ts';
import { type FileTensor, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { key, randomInt } from '../../src/tensor/random.ts';

/** MurmurHash3_x86_128 from its author's description, in whole numbers of any length. */
function murmur(bytes: Uint8Array): string {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
  const constants = [0x239b961bn, 0xab0e9789n, 0x38b34ae5n, 0xa1e38b93n];
  const h = [0n, 0n, 0n, 0n];
  const word = (at: number): bigint => {
    let value = 0n;
    for (let i = 3; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
    return value;
  };
  const mixed = (lane: number, k: bigint): bigint =>
    (rotate((k * (constants[lane] as bigint)) & mask, 15n + BigInt(lane)) * (constants[(lane + 1) % 4] as bigint)) & mask;
  const whole = bytes.length - (bytes.length % 16);
  const turns = [19n, 17n, 15n, 13n];
  const added = [0x561ccd1bn, 0x0bcaa747n, 0x96cd1c35n, 0x32ac3b17n];
  for (let at = 0; at < whole; at += 16) {
    for (let lane = 0; lane < 4; lane++) {
      const turned = rotate((h[lane] as bigint) ^ mixed(lane, word(at + 4 * lane)), turns[lane] as bigint);
      h[lane] = ((turned + (h[(lane + 1) % 4] as bigint)) * 5n + (added[lane] as bigint)) & mask;
    }
  }
  for (let lane = 0; lane < 4; lane++) h[lane] = (h[lane] as bigint) ^ mixed(lane, word(whole + 4 * lane)) ^ BigInt(bytes.length);
  const spread = (): void => {
    h[0] = h.reduce((sum, x) => sum + x) & mask;
    for (let lane = 1; lane < 4; lane++) h[lane] = ((h[lane] as bigint) + (h[0] as bigint)) & mask;
  };
  spread();
  for (let lane = 0; lane < 4; lane++) {
    let x = h[lane] as bigint;
    x = ((x ^ (x >> 16n)) * 0x85ebca6bn) & mask;
    x = ((x ^ (x >> 13n)) * 0xc2b2ae35n) & mask;
    h[lane] = x ^ (x >> 16n);
  }
  spread();
  return h.map((x) => Buffer.from(x.toString(16).padStart(8, '0'), 'hex').reverse().toString('hex')).join('');
}

const filled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 255);

describe('the digest', () => {
  it.each([
    // By the C++ code of the author, as Python's mmh3 5.3 runs it.
    [0, '00000000000000000000000000000000'],
    [1, 'b259d1706f4643766f4643766f464376'],
    [5, 'bc41a6bf36b77d475134334551343345'],
    [15, '4c3186b1c99439d8619e98793a182640'],
    [16, 'f38ba166c08683eedc1f821f33d56d0a'],
    [33, 'bd8ee86b99413ab0377b741d0ed5646c'],
    [100, '6f1d159baac41edae3c26cc06d1ab96e'],
  ])('of %i bytes is what the C++ code gives', (length, expected) => {
    expect(digest().update(filled(length)).hex()).toBe(expected);
    expect(murmur(filled(length))).toBe(expected);
  });

  it('is the same in pieces, at any place in a buffer, and of any bytes', () => {
    for (let n = 0; n < 200; n++) {
      const bytes = Uint8Array.from({ length: randomInt(key(n), 0, 300) }, (_, i) => randomInt(key(n), i + 1, 256));
      const moved = new Uint8Array(bytes.length + 4).subarray(n % 4);
      moved.set(bytes);
      const cut = 16 * randomInt(key(n), 400, 1 + Math.floor(bytes.length / 16));
      const expected = murmur(bytes);
      expect(digest().update(moved.subarray(0, bytes.length)).hex()).toBe(expected);
      expect(digest().update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).hex()).toBe(expected);
    }
  });
});

describe('a file with checksums', () => {
  const entries: [string, FileTensor][] = [
    ['half', { dtype: 'F16', shape: [3], data: Float32Array.of(1, 2, 3) }],
    ['mask', { dtype: 'BOOL', shape: [5], data: Uint8Array.of(0, 1, 1, 0, 1) }],
    ['x', { dtype: 'F32', shape: [2, 5], data: Float32Array.from({ length: 10 }, (_, i) => i / 3) }],
    ['none', { dtype: 'F64', shape: [0], data: new Float64Array(0) }],
  ];
  const bytes = writeSafetensors(entries, { metadata: { 7: '0'.repeat(32), words: 'a "b" ü' } });
  const refuses = (changed: Uint8Array): boolean => {
    try {
      readSafetensors(changed);
      return false;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('safetensors: ')) return true;
      throw error;
    }
  };

  it('refuses every flip of one bit, in length, header and data', () => {
    expect(readSafetensors(bytes).tensors.size).toBe(4);
    const passed: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      if (!refuses(flipped)) passed.push(bit);
    }
    expect(passed).toEqual([]);
  });

  it('refuses every other byte at every place', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) + 1 + randomInt(key(3), at, 255);
      expect(refuses(changed), `byte ${at}`).toBe(true);
    }
  });

  it('names what is damaged, and reads it all the same on request', () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 1] = 0; // of mask, which has the smallest elements
    expect(() => readSafetensors(damaged)).toThrow(
      /^safetensors: "mask" must have its checksum [0-9a-f]{32} .*checksum: false.*, got [0-9a-f]{32}$/,
    );
    expect(readSafetensors(damaged, { skip: ['mask'] }).tensors.size).toBe(3);
    expect(readSafetensors(damaged, { checksum: false }).tensors.get('mask')?.data).toEqual(Uint8Array.of(0, 1, 1, 0, 0));
    const renamed = Uint8Array.from(bytes, (byte, i) => (bytes[i - 1] === 0x22 && byte === 0x78 ? 0x79 : byte)); // "x → "y
    expect(() => readSafetensors(renamed)).toThrow('safetensors: header must have its checksum');
  });

  it('is checked by what the format says alone', () => {
    // The header's digest counts its own digits as zeros; the tensors' stand in the header's order.
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    const { __metadata__: metadata, ...layouts } = JSON.parse(text);
    const own: string = metadata['saccade.checksum'];
    expect(murmur(new TextEncoder().encode(text.replace(own, '0'.repeat(32)).replace(`"7":"${own}"`, `"7":"${'0'.repeat(32)}"`)))).toBe(
      own,
    );
    const each = Object.values(layouts as Record<string, { data_offsets: [number, number] }>).map(({ data_offsets: [begin, end] }) =>
      murmur(bytes.slice(8 + length + begin, 8 + length + end)),
    );
    expect(metadata['saccade.checksum.tensors']).toBe(each.join(''));
    expect({ ...readSafetensors(bytes).metadata }).toEqual({ 7: '0'.repeat(32), words: 'a "b" ü' });
  });

  it('is read without them as ever', () => {
    const plain = writeSafetensors(entries, { checksum: false });
    expect(new TextDecoder().decode(plain)).not.toContain('checksum');
    expect([...readSafetensors(plain).tensors]).toEqual(entries);
  });
});
