/**
 * MurmurHash3_x86_128 (Appleby 2011), seed 0, of bytes. Each block of 16 bytes changes the state by a bijection, so any change within one
 * block is detected, and other changes except one in 2^128. It does not protect against malice. It was chosen because it uses plain 32-bit
 * products, is the same in every language, and costs less than the disk.
 */
export function digest(): Digest {
  const state = new Int32Array(4);
  let length = 0;
  return {
    update(bytes) {
      const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
      const whole = Math.floor(bytes.length / 16);
      addBlocks(state, new Int32Array(aligned.buffer, aligned.byteOffset, whole * 4));
      addRest(state, aligned.subarray(whole * 16));
      length += bytes.length;
      return this;
    },

    hex() {
      const bytes = new Uint8Array(spread(spread(state.map((h) => h ^ length)).map(finish)).buffer);
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

/** A digest of bytes in pieces; all but the last have a multiple of 16 bytes. */
export interface Digest {
  update(bytes: Uint8Array): this;
  /** 32 hexadecimal digits: the four words as bytes, little-endian, as the reference writes them. */
  hex(): string;
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return digest().update(bytes).hex();
}

function addBlocks(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let i = 0; i + 3 < words.length; i += 4) {
    a = step(a ^ mix(words[i] as number, P, 15, Q), 19, b, 0x561ccd1b);
    b = step(b ^ mix(words[i + 1] as number, Q, 16, R), 17, c, 0x0bcaa747);
    c = step(c ^ mix(words[i + 2] as number, R, 17, S), 15, d, 0x96cd1c35);
    d = step(d ^ mix(words[i + 3] as number, S, 18, P), 13, a, 0x32ac3b17);
  }
  state.set([a, b, c, d]);
}

/** Mixes in less than a block, with zeros for the missing bytes. */
function addRest(state: Int32Array, bytes: Uint8Array): void {
  const last = new Uint8Array(16);
  last.set(bytes);
  const [a = 0, b = 0, c = 0, d = 0] = new Int32Array(last.buffer);
  const mixed = [mix(a, P, 15, Q), mix(b, Q, 16, R), mix(c, R, 17, S), mix(d, S, 18, P)];
  state.forEach((h, i) => {
    state[i] = h ^ (mixed[i] as number);
  });
}

/** Mixes every word into every other. */
function spread([a = 0, b = 0, c = 0, d = 0]: Int32Array): Int32Array {
  const all = a + b + c + d;
  return Int32Array.of(all, all + b, all + c, all + d);
}

const P = 0x239b961b;
const Q = 0xab0e9789;
const R = 0x38b34ae5;
const S = 0xa1e38b93;

function turn(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

function mix(k: number, first: number, by: number, second: number): number {
  return Math.imul(turn(Math.imul(k, first), by), second);
}

function step(h: number, by: number, neighbour: number, constant: number): number {
  return (Math.imul(turn(h, by) + neighbour, 5) + constant) | 0;
}

function finish(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
