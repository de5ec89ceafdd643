import { V } from "../simd/lanes";

/**
 * The tail helper: the same code for four elements or for the last `rest`. A loop with a long body avoids a second copy of the body this
 * way; if `rest` is a constant, it compiles to the one load or store.
 */
export class Part {
  @inline static load(p: usize, rest: i32): v128 {
    return rest >= 4 ? V.load(p) : V.loadTail(p, rest);
  }

  @inline static store(p: usize, x: v128, rest: i32): void {
    if (rest >= 4) V.store(p, x);
    else V.storeTail(p, x, rest);
  }
}
