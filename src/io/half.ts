// The two 16-bit types: IEEE 754 binary16, and bfloat16, the upper half of a float32.

/** For each type the bits of infinity, and how many fraction bits fewer than float32 it has. */
const KINDS = { F16: { infinite: 0x7c00, fewer: 13 }, BF16: { infinite: 0x7f80, fewer: 16 } } as const;

/** A 16-bit type. */
export type HalfType = keyof typeof KINDS;

/** Converts each element to float32: exactly, with NaN payloads. */
export function widened(halves: Uint16Array, dtype: HalfType): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Int32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) {
    const half = halves[i] as number;
    bits[i] = half << 16;
    if (dtype === 'BF16') continue;
    const rest = half & 0x7fff;
    bits[i] = rest << 13;
    if (rest < KINDS.F16.infinite) (floats[i] as number) *= 2 ** 112; // the difference of the exponents' biases
    (bits[i] as number) |= (rest < KINDS.F16.infinite ? 0 : 0x7f800000) | ((half & 0x8000) << 16);
  }
  return floats;
}

/** Rounds each float32 to the nearest, ties to even. Calls `overflow` for each finite value that becomes infinite. */
export function narrowed(floats: Float32Array, dtype: HalfType, overflow: (value: number) => void): Uint16Array {
  const { infinite, fewer } = KINDS[dtype];
  const halves = new Uint16Array(floats.length);
  const bits = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < halves.length; i++) {
    const value = floats[i] as number;
    const rest = (bits[i] as number) & 0x7fffffff;
    const half = rest > 0x7f800000 ? nanOf(rest, infinite, fewer) : dtype === 'F16' ? binary16(rest, value) : shifted(rest, 16);
    if (half === infinite && rest < 0x7f800000) overflow(value);
    halves[i] = half | (((bits[i] as number) >>> 16) & 0x8000);
  }
  return halves;
}

/** The upper bits of a NaN's payload, or the first bit if they are zero. */
const nanOf = (rest: number, infinite: number, fewer: number): number =>
  infinite | ((rest >> fewer) & ~infinite & 0x7fff || 0x400000 >> fewer);

function binary16(rest: number, value: number): number {
  if (rest < 0x38800000) return Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52; // below 2^-14, in steps of 2^-24: float64 rounds it
  return Math.min(KINDS.F16.infinite, shifted(rest - 0x38000000, 13));
}

/** `x / 2^by`, ties to even. */
function shifted(x: number, by: number): number {
  return (x + (1 << (by - 1)) - 1 + ((x >> by) & 1)) >>> by;
}
