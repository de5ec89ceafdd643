// A second Threefry-2x32 with 20 rounds, from Salmon et al. 2011, figure 2 and table 2, for the expected draws. It is independent of `src`.

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
const turn = (x: number, by: number) => ((x << by) | (x >>> (32 - by))) >>> 0;

/** Two words from a key and a counter of two words each. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0 >>> 0, k1 >>> 0, (0x1bd11bda ^ k0 ^ k1) >>> 0] as const;
  let a = (c0 + keys[0]) >>> 0;
  let b = (c1 + keys[1]) >>> 0;
  for (let round = 0; round < 20; round++) {
    a = (a + b) >>> 0;
    b = (turn(b, ROTATIONS[round % 8] as number) ^ a) >>> 0;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    a = (a + (keys[injection % 3] as number)) >>> 0;
    b = (b + (keys[(injection + 1) % 3] as number) + injection) >>> 0;
  }
  return [a, b];
}
