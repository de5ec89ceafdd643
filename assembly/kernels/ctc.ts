import { Part } from "../loops/part";
import { Exp } from "../simd/exp";
import { V } from "../simd/lanes";
import { Log } from "../simd/log";

/** The states of a frame, four at a time, as logarithms. */
class States {
  /** `i` to `i + 3` of the first `n`; −∞ behind them. */
  @inline static load(row: usize, i: i32, n: i32): v128 {
    const none = V.splat(-Infinity);
    return i < n ? V.fill(Part.load(row + ((<usize>i) << 2), n - i), n - i, none) : none;
  }

  /** `x` where a lane of `allowed` is not 0, else −∞. */
  @inline static where(allowed: v128, x: v128): v128 {
    return v128.bitselect(x, V.splat(-Infinity), i32x4.ne(allowed, i32x4.splat(0)));
  }
}

/** `ln(e^a + e^b + e^c)` of four lanes; −∞ if all three are. */
function joined(a: v128, b: v128, c: v128): v128 {
  const top = f32x4.pmax(f32x4.pmax(a, b), c);
  const nothing = f32x4.eq(top, V.splat(-Infinity));
  const level = v128.bitselect(V.splat(0), top, nothing);
  const two = f32x4.add(Exp.upTo70(f32x4.sub(a, level)), Exp.upTo70(f32x4.sub(b, level)));
  const total = f32x4.add(two, Exp.upTo70(f32x4.sub(c, level)));
  return v128.bitselect(top, f32x4.add(level, Log.of(total)), nothing);
}

/** Subtracts the largest of `n` elements from all, and returns it; does nothing and returns 0 if all are −∞. */
function levelled(row: usize, n: i32): f32 {
  let top = V.splat(-Infinity);
  for (let i = 0; i < n; i += 4) top = f32x4.pmax(top, States.load(row, i, n));
  const most = V.max(top);
  if (most == -Infinity) return 0;
  for (let i = 0; i < n; i += 4) {
    const at = row + ((<usize>i) << 2);
    Part.store(at, f32x4.sub(Part.load(at, n - i), V.splat(most)), n - i);
  }
  return most;
}

/** Makes shares of the first `n` of a row of `width` logarithms, the sum of four lanes at a time; zeros behind them, and if all are −∞. */
function shared(row: usize, n: i32, width: i32): void {
  levelled(row, n);
  let total: f32 = 0;
  for (let i = 0; i < width; i += 4) {
    const y = Exp.upTo70(States.load(row, i, n));
    Part.store(row + ((<usize>i) << 2), y, width - i);
    total += V.sum(y);
  }
  const share = V.splat(total == 0 ? 0 : 1 / total);
  for (let i = 0; i < n; i += 4) {
    const at = row + ((<usize>i) << 2);
    Part.store(at, f32x4.mul(Part.load(at, n - i), share), n - i);
  }
}

/** α of a frame from that of the frame before, `a`, or of the first frame, where a path starts at state 0 or 1. */
function forwards(out: usize, a: usize, x: usize, skip: usize, n: i32, first: bool): void {
  const none = V.splat(-Infinity);
  let before = first ? V.fill(none, 3, V.splat(0)) : none; // −∞ −∞ −∞ 0
  for (let i = 0; i < n; i += 4) {
    const rest = n - i;
    const at = (<usize>i) << 2;
    const own = first ? none : States.load(a, i, n);
    const one = V.fromThree(before, own);
    const two = first
      ? V.fromTwo(before, none) // −∞ 0 −∞ −∞
      : States.where(Part.load(skip + at, rest), V.fromTwo(before, own));
    Part.store(out + at, f32x4.add(Part.load(x + at, rest), joined(own, one, two)), rest);
    before = own;
  }
}

/** Adds β of a frame to `alpha`, from `b`, β + x of the frame behind it, and leaves its own there. */
function backwards(alpha: usize, b: usize, x: usize, skip: usize, n: i32): void {
  let own = States.load(b, 0, n);
  for (let i = 0; i < n; i += 4) {
    const rest = n - i;
    const at = (<usize>i) << 2;
    const next = States.load(b, i + 4, n);
    const one = V.fromOne(own, next);
    const jumps = rest > 2 ? Part.load(skip + at + 8, rest - 2) : V.splat(0);
    const y = joined(own, one, States.where(jumps, V.fromTwo(own, next)));
    Part.store(alpha + at, f32x4.add(Part.load(alpha + at, rest), y), rest);
    Part.store(b + at, f32x4.add(Part.load(x + at, rest), y), rest);
    own = next;
  }
}

/** One example: returns `−ln` of the sum over its paths. */
function example(posterior: usize, x: usize, skip: usize, time: i32, n: i32, width: i32, beta: usize): f32 {
  const row = (<usize>width) << 2;
  let total: f64 = 0;
  for (let t = 0; t < time; t++) {
    forwards(posterior, posterior - row, x, skip, n, t == 0);
    total += levelled(posterior, n);
    posterior += row;
    x += row;
  }
  posterior -= row;
  x -= row;
  // A path ends in one of the last two states.
  const none = V.splat(-Infinity);
  const last = n > 2 ? n - 2 : 0;
  memory.copy(beta, x, (<usize>n) << 2);
  for (let s = 0; s < last; s++) {
    store<f32>(beta + ((<usize>s) << 2), -Infinity);
    store<f32>(posterior + ((<usize>s) << 2), -Infinity);
  }
  const end = posterior + ((<usize>last) << 2);
  total += V.first(joined(V.broadcast(end), n > 1 ? V.broadcast(end + 4) : none, none));
  shared(posterior, n, width);
  for (let t = 1; t < time; t++) {
    posterior -= row;
    x -= row;
    levelled(beta, n);
    backwards(posterior, beta, x, skip, n);
    shared(posterior, n, width);
  }
  return <f32>-total;
}

/**
 * The forward and backward passes of connectionist temporal classification (Graves et al. 2006, §4.1) for each of `outer` examples: `x`
 * `[frames, n]` holds the log-probability of each state's label, `skip` (bool, `[n]`) the states that may follow the last but one, `times`
 * and `ends` (int32) how many frames and states are real, from 1. `out` is `−ln` of the sum over all paths, `posterior` `[frames, n]` the
 * probability of each state at each frame; it is 0 where nothing is real, and where no path is possible.
 */
export function ctc(
  out: usize,
  posterior: usize,
  x: usize,
  skip: usize,
  times: usize,
  ends: usize,
  outer: i32,
  frames: i32,
  n: i32,
  scratch: usize,
): void {
  if (n == 0 || frames == 0) return;
  const row = (<usize>n) << 2;
  for (let o = 0; o < outer; o++) {
    const at = (<usize>o) << 2;
    const time = load<i32>(times + at);
    store<f32>(out + at, example(posterior, x, skip, time, load<i32>(ends + at), n, scratch));
    memory.fill(posterior + row * <usize>time, 0, row * <usize>(frames - time));
    posterior += row * <usize>frames;
    x += row * <usize>frames;
    skip += row;
  }
}
