let second: v128 = i32x4.splat(0);

/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §3.2) on four counters at once.
 * The scalar twin, with the same bits, is src/runtime/threefry.ts.
 */
export class Threefry {
  /**
   * The first words of the counters (0, i), …, (0, i + 3) under the key (k0, k1); {@link second} gives their second words. It is unrolled
   * into locals: state in globals would go through memory in each round and took seven times as long.
   */
  @inline static first(k0: i32, k1: i32, i: i32): v128 {
    const k2 = k0 ^ k1 ^ 0x1bd11bda;
    let a = i32x4.splat(k0);
    let b = i32x4.add(i32x4.splat(k1 + i), i32x4(0, 1, 2, 3));

    a = i32x4.add(a, b);
    b = Threefry.turn(b, 13, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 15, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 26, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 6, a);
    a = i32x4.add(a, i32x4.splat(k1));
    b = i32x4.add(b, i32x4.splat(k2 + 1));

    a = i32x4.add(a, b);
    b = Threefry.turn(b, 17, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 29, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 16, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 24, a);
    a = i32x4.add(a, i32x4.splat(k2));
    b = i32x4.add(b, i32x4.splat(k0 + 2));

    a = i32x4.add(a, b);
    b = Threefry.turn(b, 13, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 15, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 26, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 6, a);
    a = i32x4.add(a, i32x4.splat(k0));
    b = i32x4.add(b, i32x4.splat(k1 + 3));

    a = i32x4.add(a, b);
    b = Threefry.turn(b, 17, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 29, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 16, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 24, a);
    a = i32x4.add(a, i32x4.splat(k1));
    b = i32x4.add(b, i32x4.splat(k2 + 4));

    a = i32x4.add(a, b);
    b = Threefry.turn(b, 13, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 15, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 26, a);
    a = i32x4.add(a, b);
    b = Threefry.turn(b, 6, a);
    a = i32x4.add(a, i32x4.splat(k2));
    b = i32x4.add(b, i32x4.splat(k0 + 5));

    second = b;
    return a;
  }

  /** The second words of the counters of the last call of {@link first}. */
  @inline static second(): v128 {
    return second;
  }

  /** `b` rotated left by r, xor `a`. */
  @inline static turn(b: v128, r: i32, a: v128): v128 {
    return v128.xor(v128.or(i32x4.shl(b, r), i32x4.shr_u(b, 32 - r)), a);
  }
}
