// Bilinear samples of images `[batch, height, width, depth]`, channels last, at places of a grid: x first, −1 to 1 from edge to edge.
import { Part } from "../loops/part";
import { V } from "../simd/lanes";

/** The four pixels round a place: their addresses, which of them exist, and the shares of the later column and row. */
class Place {
  /** The coordinate in pixels. One closer to a whole number than its own digits can say is that number. */
  @inline static of(u: f32, n: i32, align: i32): f32 {
    const length = <f32>n;
    const p = align != 0 ? (u + 1) * (length - 1) * 0.5 : ((u + 1) * length - 1) * 0.5;
    const whole = nearest<f32>(p);
    return abs<f32>(p - whole) <= length * 2.384185791015625e-7 ? whole : p;
  }

  /** Whether it has a pixel on either side; false for NaN. */
  @inline static near(p: f32, n: i32): bool {
    return p >= -1 && p < <f32>n;
  }

  /** 0, or NaN where a coordinate is no finite number. */
  @inline static blank(px: f32, py: f32): v128 {
    return V.splat(px - px + (py - py));
  }

  @inline static load(p: usize, inside: bool, rest: i32): v128 {
    return inside ? Part.load(p, rest) : V.splat(0);
  }
}

/**
 * `out[b, p] = Σ x[b, j, i] · (1 − |i − u|) (1 − |j − v|)` over the four pixels round the place (u, v) of `grid[b, p]`, 0 outside; `align`:
 * −1 and 1 are the centres of the first and last pixel, not their outer edges. NaN where a coordinate is not finite.
 */
export function gridSample(
  out: usize,
  x: usize,
  grid: usize,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  points: i32,
  align: i32,
): void {
  const pixel = (<usize>depth) << 2;
  for (let b = 0; b < batch; b++) {
    for (let p = 0; p < points; p++) {
      const px = Place.of(load<f32>(grid), width, align);
      const py = Place.of(load<f32>(grid + 4), height, align);
      const near = Place.near(px, width) && Place.near(py, height);
      const i = near ? <i32>floor<f32>(px) : 0;
      const j = near ? <i32>floor<f32>(py) : 0;
      const fx = V.splat(px - <f32>i);
      const fy = V.splat(py - <f32>j);
      const ex = f32x4.sub(V.splat(1), fx);
      const ey = f32x4.sub(V.splat(1), fy);
      const at = x + <usize>(j * width + i) * pixel;
      for (let d = 0; d < depth; d += 4) {
        const rest = depth - d;
        const q = at + ((<usize>d) << 2);
        let y = Place.blank(px, py);
        if (near) {
          const x00 = Place.load(q, i >= 0 && j >= 0, rest);
          const x01 = Place.load(q + pixel, i + 1 < width && j >= 0, rest);
          const x10 = Place.load(q + <usize>width * pixel, i >= 0 && j + 1 < height, rest);
          const x11 = Place.load(q + (<usize>width + 1) * pixel, i + 1 < width && j + 1 < height, rest);
          y = f32x4.mul(x00, f32x4.mul(ex, ey));
          y = V.madd(x01, f32x4.mul(fx, ey), y);
          y = V.madd(x10, f32x4.mul(ex, fy), y);
          y = V.madd(x11, f32x4.mul(fx, fy), y);
        }
        Part.store(out + ((<usize>d) << 2), y, rest);
      }
      out += pixel;
      grid += 8;
    }
    x += <usize>(height * width) * pixel;
  }
}

/** `p += x`, where there is a pixel. */
function addPart(p: usize, x: v128, inside: bool, rest: i32): void {
  if (inside) Part.store(p, f32x4.add(Part.load(p, rest), x), rest);
}

/**
 * `dx` adds up `g` times the weight of each pixel, place by place, in each place row by row; `dgrid` is `g` times the slope along either
 * axis, summed over the channels. Either may be absent. At a whole coordinate the slope is that towards the later pixel.
 */
export function gridSampleBackward(
  dx: usize,
  dgrid: usize,
  g: usize,
  x: usize,
  grid: usize,
  batch: i32,
  height: i32,
  width: i32,
  depth: i32,
  points: i32,
  align: i32,
): void {
  const pixel = (<usize>depth) << 2;
  const image = <usize>(height * width) * pixel;
  if (dx != 0) memory.fill(dx, 0, image * <usize>batch);
  const edge = align != 0 ? 1 : 0;
  for (let b = 0; b < batch; b++) {
    for (let p = 0; p < points; p++) {
      const px = Place.of(load<f32>(grid), width, align);
      const py = Place.of(load<f32>(grid + 4), height, align);
      const near = Place.near(px, width) && Place.near(py, height);
      const i = near ? <i32>floor<f32>(px) : 0;
      const j = near ? <i32>floor<f32>(py) : 0;
      const fx = V.splat(px - <f32>i);
      const fy = V.splat(py - <f32>j);
      const ex = f32x4.sub(V.splat(1), fx);
      const ey = f32x4.sub(V.splat(1), fy);
      const at = <usize>(j * width + i) * pixel;
      const below = <usize>width * pixel;
      let sx = Place.blank(px, py);
      let sy = sx;
      if (near) {
        const in00 = i >= 0 && j >= 0;
        const in01 = i + 1 < width && j >= 0;
        const in10 = i >= 0 && j + 1 < height;
        const in11 = i + 1 < width && j + 1 < height;
        for (let d = 0; d < depth; d += 4) {
          const rest = depth - d;
          const k = at + ((<usize>d) << 2);
          const h = Part.load(g + ((<usize>d) << 2), rest);
          if (dx != 0) {
            addPart(dx + k, f32x4.mul(h, f32x4.mul(ex, ey)), in00, rest);
            addPart(dx + k + pixel, f32x4.mul(h, f32x4.mul(fx, ey)), in01, rest);
            addPart(dx + k + below, f32x4.mul(h, f32x4.mul(ex, fy)), in10, rest);
            addPart(dx + k + below + pixel, f32x4.mul(h, f32x4.mul(fx, fy)), in11, rest);
          }
          if (dgrid != 0) {
            const x00 = Place.load(x + k, in00, rest);
            const x01 = Place.load(x + k + pixel, in01, rest);
            const x10 = Place.load(x + k + below, in10, rest);
            const x11 = Place.load(x + k + below + pixel, in11, rest);
            const across = V.madd(f32x4.sub(x11, x10), fy, f32x4.mul(f32x4.sub(x01, x00), ey));
            const down = V.madd(f32x4.sub(x11, x01), fx, f32x4.mul(f32x4.sub(x10, x00), ex));
            sx = V.madd(h, across, sx);
            sy = V.madd(h, down, sy);
          }
        }
      }
      if (dgrid != 0) {
        store<f32>(dgrid, V.sum(sx) * <f32>(width - edge) * 0.5);
        store<f32>(dgrid + 4, V.sum(sy) * <f32>(height - edge) * 0.5);
        dgrid += 8;
      }
      g += pixel;
      grid += 8;
    }
    dx = dx != 0 ? dx + image : 0;
    x += image;
  }
}
