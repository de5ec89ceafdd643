// `x^y` of float32. Each lane is computed in float64, which leaves hardly more error than the last rounding.

/** `log₂ x` of a positive number: x = m 2^k, √½ ≤ m < √2, and ln m = 2 artanh s = 2 Σ s^(2j + 1) / (2j + 1) with s = (m − 1) / (m + 1), |s| ≤ 0.172. */
function log2(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  const k = (bits - 0x3fe6a09e667f3bcd) >> 52;
  const m = reinterpret<f64>(bits - (k << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 0;
  for (let d: f64 = 21; d > 0; d -= 2) sum = sum * z + 1 / d;
  return <f64>k + 2.8853900817779268 * s * sum; // 2 / ln 2
}

/** `2^t`, |t| ≤ 200: t = n + f, |f| ≤ ½, and e^(f ln 2) by its Taylor series to degree 13. */
function exp2(t: f64): f64 {
  const n = nearest<f64>(t);
  const f = (t - n) * 0.6931471805599453;
  let sum: f64 = 1;
  for (let d: f64 = 13; d > 0; d--) sum = 1 + (f / d) * sum;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** `x^n` by squaring, n ≥ 0. */
function product(x: f64, n: i32): f64 {
  let result: f64 = 1;
  for (let rest = n; rest > 0; rest >>= 1) {
    if (rest & 1) result *= x;
    x *= x;
  }
  return result;
}

/** Exponents up to which a whole power is computed as a product. */
const WHOLE: f32 = 64;

/** `x^y` for x ≥ 0; x is not 1 if y is infinite. */
function magnitude(x: f64, y: f32, whole: bool): f64 {
  const size = abs<f32>(y);
  if (whole && size <= WHOLE) {
    const p = product(x, <i32>size);
    return y < 0 ? 1 / p : p;
  }
  if (x == 0 || x == Infinity || size == Infinity) return x > 1 == y > 0 ? Infinity : 0;
  return exp2(max<f64>(-200, min<f64>(200, <f64>y * log2(x))));
}

function power(x: f32, y: f32): f32 {
  const size = <f64>abs<f32>(x);
  if (y == 0 || x == 1 || (size == 1 && abs<f32>(y) == Infinity)) return 1;
  if (isNaN<f32>(x) || isNaN<f32>(y)) return NaN;
  const whole = floor<f32>(y) == y;
  const p = magnitude(size, y, whole);
  if (reinterpret<i32>(x) >= 0) return <f32>p;
  if (!whole) return size == 0 || size == Infinity ? <f32>p : NaN;
  return abs<f32>(y) < 16777216 && <i32>y & 1 ? <f32>-p : <f32>p; // from 2²⁴ on every float32 is even
}

/** Four lanes, one after the other: the code exists once, however many loops call it. */
export class Power {
  static of(x: v128, y: v128): v128 {
    let z = f32x4.splat(power(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
    z = f32x4.replace_lane(z, 1, power(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)));
    z = f32x4.replace_lane(z, 2, power(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)));
    return f32x4.replace_lane(z, 3, power(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)));
  }
}
