import { LANES, V } from "../simd/lanes";

/** What cells of recurrent networks share: four elements or one at an address (`n` a constant), and the slopes of their functions. */
export class Lanes {
  @inline static load(p: usize, n: i32): v128 {
    return n == LANES ? V.load(p) : V.loadTail(p, 1);
  }

  @inline static store(p: usize, x: v128, n: i32): void {
    if (n == LANES) V.store(p, x);
    else V.storeTail(p, x, 1);
  }

  /** What a gate's function is of: the state's and the input's products with their biases. */
  @inline static gate(gates: usize, input: usize, biasIh: usize, biasHh: usize, n: i32): v128 {
    return f32x4.add(f32x4.add(Lanes.load(input, n), Lanes.load(biasIh, n)), f32x4.add(Lanes.load(gates, n), Lanes.load(biasHh, n)));
  }

  /** Whether row `row` takes part. */
  @inline static active(mask: usize, row: i32, stride: i32): bool {
    return mask == 0 || load<i32>(mask + ((<usize>(row * stride)) << 2)) != 0;
  }

  /** The slope of the sigmoid from its value. */
  @inline static sigmoidSlope(y: v128): v128 {
    return f32x4.mul(y, f32x4.sub(V.splat(1), y));
  }

  /** The slope of tanh from its value. */
  @inline static tanhSlope(y: v128): v128 {
    return f32x4.sub(V.splat(1), f32x4.mul(y, y));
  }
}
