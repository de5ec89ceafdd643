/** Comparisons give lanes of all ones or all zeros; a bool in memory is 1 or 0. */
export class Bool {
  @inline static of(mask: v128): v128 {
    return v128.and(mask, i32x4.splat(1));
  }
}
