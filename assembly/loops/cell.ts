import { V } from "../simd/lanes";
import { Part } from "./part";

/** Shared parts of recurrent cells: the arguments of gates, masked rows, and the slopes of the gates' functions. */
export class Cell {
  /** The argument of a gate's function: the products of the state and the input plus their biases; `rest` elements remain in the row. */
  @inline static gate(gates: usize, input: usize, biasIh: usize, biasHh: usize, rest: i32): v128 {
    const x = f32x4.add(Part.load(input, rest), Part.load(biasIh, rest));
    return f32x4.add(x, f32x4.add(Part.load(gates, rest), Part.load(biasHh, rest)));
  }

  /** Whether row `row` is not masked. */
  @inline static active(mask: usize, row: i32, stride: i32): bool {
    return mask == 0 || load<i32>(mask + ((<usize>(row * stride)) << 2)) != 0;
  }

  /** The slope of the sigmoid, from its value. */
  @inline static sigmoidSlope(y: v128): v128 {
    return f32x4.mul(y, f32x4.sub(V.splat(1), y));
  }

  /** The slope of tanh, from its value. */
  @inline static tanhSlope(y: v128): v128 {
    return f32x4.sub(V.splat(1), f32x4.mul(y, y));
  }
}
