let x: v128 = i32x4.splat(0);
let y: v128 = i32x4.splat(0);

/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.2) on four counters at once.
 * The scalar twin, with the same bits, is `threefry` in src/tensor/random.ts.
 */
export class Threefry {
  /** Draws the two words of the counters (0, i), …, (0, i + 3) under the key (k0, k1): {@link first} and {@link second}. */
  @inline static draw(k0: i32, k1: i32, i: i32): void {
    const k2 = k0 ^ k1 ^ 0x1bd11bda;
    x = i32x4.splat(k0);
    y = i32x4.add(i32x4.splat(k1 + i), i32x4(0, 1, 2, 3));
    Threefry.four(13, 15, 26, 6, k1, k2 + 1);
    Threefry.four(17, 29, 16, 24, k2, k0 + 2);
    Threefry.four(13, 15, 26, 6, k0, k1 + 3);
    Threefry.four(17, 29, 16, 24, k1, k2 + 4);
    Threefry.four(13, 15, 26, 6, k2, k0 + 5);
  }

  @inline static first(): v128 {
    return x;
  }

  @inline static second(): v128 {
    return y;
  }

  /** Four rounds by their rotations, then the key. */
  @inline static four(r0: i32, r1: i32, r2: i32, r3: i32, k0: i32, k1: i32): void {
    Threefry.round(r0);
    Threefry.round(r1);
    Threefry.round(r2);
    Threefry.round(r3);
    x = i32x4.add(x, i32x4.splat(k0));
    y = i32x4.add(y, i32x4.splat(k1));
  }

  @inline static round(r: i32): void {
    x = i32x4.add(x, y);
    y = v128.xor(v128.or(i32x4.shl(y, r), i32x4.shr_u(y, 32 - r)), x);
  }
}
