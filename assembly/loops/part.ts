import { V } from "../simd/lanes";

/** For loops whose body is long: four elements, or the last `rest` of them, through one copy of the code. */
export class Part {
  @inline static load(p: usize, rest: i32): v128 {
    return rest >= 4 ? V.load(p) : V.loadTail(p, rest);
  }

  @inline static store(p: usize, x: v128, rest: i32): void {
    if (rest >= 4) V.store(p, x);
    else V.storeTail(p, x, rest);
  }
}
