const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.2): the counter (x0, x1) under
 * the key (k0, k1), as two signed 32-bit words. The kernels draw four counters at once: assembly/simd/threefry.ts.
 */
export function threefry(k0: number, k1: number, x0: number, x1: number): readonly [number, number] {
  const schedule = [k0, k1, k0 ^ k1 ^ 0x1bd11bda];
  let a = (x0 + k0) | 0;
  let b = (x1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round & 7] as number;
    a = (a + b) | 0;
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if ((round & 3) === 3) {
      const turn = (round >> 2) + 1;
      a = (a + (schedule[turn % 3] as number)) | 0;
      b = (b + (schedule[(turn + 1) % 3] as number) + turn) | 0;
    }
  }
  return [a, b];
}
