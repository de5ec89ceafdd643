/** The float32 bits of an IEEE 754 binary16; exact, NaN payloads kept. */
export function halfToFloat(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // puts the first set bit where the implied one stands
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** The binary16 nearest to a float32, ties to even, both as bits. What lies beyond 65,504 by half a step or more is infinite. */
export function floatToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7c00 | ((rest >> 13) & 0x3ff || 0x200);
  if (rest >= 0x47800000) return sign | 0x7c00; // 65,536
  if (rest >= 0x38800000) return sign | roundedShift(rest - 0x38000000, 13); // 2^-14, the least normal one
  if (rest < 0x33000000) return sign; // 2^-25, half of the least one
  return sign | roundedShift((rest & 0x7fffff) | 0x800000, 126 - (rest >> 23));
}

/** The bfloat16 nearest to a float32, ties to even, both as bits. */
export function floatToBrain(bits: number): number {
  const rest = bits & 0x7fffffff;
  const sign = (bits >>> 16) & 0x8000;
  if (rest > 0x7f800000) return sign | 0x7f80 | ((rest >> 16) & 0x7f || 0x40);
  return sign | roundedShift(rest, 16);
}

/** `x / 2^shift`, ties to even. */
function roundedShift(x: number, shift: number): number {
  return (x + (1 << (shift - 1)) - 1 + ((x >> shift) & 1)) >>> shift;
}
