import { V } from "../simd/lanes";

/**
 * The tail helper: four elements, or the last `rest` of them, by one piece of code. In a loop whose body is long that saves a second copy of the
 * body; with `rest` a constant it is the one load or store.
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
