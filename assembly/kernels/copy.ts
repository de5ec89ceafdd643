function copyRow(out: usize, x: usize, n: i32, o: i32, s: i32): void {
  if (o == 1 && s == 1) {
    memory.copy(out, x, (<usize>n) << 2);
    return;
  }
  for (let i = 0; i < n; i++) {
    store<u32>(out, load<u32>(x));
    out += (<usize>o) << 2;
    x += (<usize>s) << 2;
  }
}

/**
 * `out[i, j, k, l] = x[i, j, k, l]` over four axes of lengths n0…n3; each operand has a stride per axis. Transposes, slices, joins,
 * broadcasts (stride 0 in `x`) and reversals (negative strides) are all this. It moves bits, of any element type.
 */
export function copy(
  out: usize,
  x: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  o0: i32,
  o1: i32,
  o2: i32,
  o3: i32,
  x0: i32,
  x1: i32,
  x2: i32,
  x3: i32,
): void {
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let q = out + ((<usize>(i * o0 + j * o1)) << 2);
      let p = x + ((<usize>(i * x0 + j * x1)) << 2);
      for (let k = 0; k < n2; k++) {
        copyRow(q, p, n3, o3, x3);
        q += (<usize>o2) << 2;
        p += (<usize>x2) << 2;
      }
    }
  }
}
