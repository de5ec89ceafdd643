// What depends on how far a key is behind the query, in tiles `[s][8]` of eight queries: lane i of key s has distance `origin + s − i · pace`.
import { V } from "../simd/lanes";
import { Tanh } from "../simd/tanh";

/** A number of keys that no text has: windows of this reach are open. */
export const FAR: i32 = 1 << 30;

/** The lanes' numbers times `pace`, from lane `first` on. */
class Lanes {
  @inline static from(first: i32, pace: i32): v128 {
    return i32x4.mul(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(first)), i32x4.splat(pace));
  }
}

/** Sets the scores of later keys to −∞: the first query sees the keys up to `last`, each next query `pace` more. */
export function hideLater(tile: usize, step: usize, n: i32, last: i32, pace: i32): void {
  const low = V.splat(-Infinity);
  const start = max(0, last + 1);
  const l0 = Lanes.from(0, pace);
  const l1 = Lanes.from(4, pace);
  tile += <usize>start * step;
  for (let s = start; s < n; s++) {
    const from = i32x4.splat(s - last);
    V.store(tile, v128.bitselect(low, V.load(tile), i32x4.lt_s(l0, from)));
    V.store(tile + 16, v128.bitselect(low, V.load(tile + 16), i32x4.lt_s(l1, from)));
    tile += step;
  }
}

/** Sets the scores of earlier keys to −∞: the first query sees the keys from `first` on, each next query `pace` fewer. */
export function hideEarlier(tile: usize, step: usize, n: i32, first: i32, pace: i32): void {
  const low = V.splat(-Infinity);
  const l0 = Lanes.from(0, pace);
  const l1 = Lanes.from(4, pace);
  for (let s = 0; s < min(n, first + 7 * pace); s++) {
    const to = i32x4.splat(s - first);
    V.store(tile, v128.bitselect(low, V.load(tile), i32x4.gt_s(l0, to)));
    V.store(tile + 16, v128.bitselect(low, V.load(tile + 16), i32x4.gt_s(l1, to)));
    tile += step;
  }
}

/** The element of a row of `span` that a distance from its first has: the ends stand for all beyond. */
class Column {
  @inline static of(row: usize, distance: i32, span: i32): usize {
    return row + ((<usize>max(0, min(span - 1, distance))) << 2);
  }
}

/** `tile[s] += line[n − 1 − s …][8] · unit`: one row of the distances that a tile has, the farthest key first. */
function addLine(tile: usize, step: usize, line: usize, n: i32, unit: f32): void {
  const by = V.splat(unit);
  line += (<usize>(n - 1)) << 2;
  for (let s = 0; s < n; s++) {
    V.store(tile, V.madd(V.load(line), by, V.load(tile)));
    V.store(tile + 16, V.madd(V.load(line + 16), by, V.load(tile + 16)));
    tile += step;
    line -= 4;
  }
}

/** `tile[s][8] += aux[s][8] · unit`. */
export function addTile(tile: usize, step: usize, aux: usize, n: i32, unit: f32): void {
  const by = V.splat(unit);
  for (let s = 0; s < n; s++) {
    V.store(tile, V.madd(V.load(aux), by, V.load(tile)));
    V.store(tile + 16, V.madd(V.load(aux + 16), by, V.load(tile + 16)));
    tile += step;
    aux += 32;
  }
}

/**
 * `tile += unit · row[distance]`, `row` of `span` elements for each of the queries, `queryStride` apart, or of one element that the distance is
 * multiplied by, less than nothing (`span` 0). `aux` holds n · 8.
 */
export function addDistances(
  tile: usize,
  step: usize,
  row: usize,
  lines: i32,
  n: i32,
  queryStride: i32,
  span: i32,
  origin: i32,
  pace: i32,
  unit: f32,
  aux: usize,
): void {
  if (queryStride == 0 && pace == 1) {
    const slope = load<f32>(row);
    for (let j = 0; j < n + 7; j++) {
      const distance = origin + n - 1 - j;
      const value = span > 0 ? load<f32>(Column.of(row, distance, span)) : -slope * <f32>abs(distance);
      store<f32>(aux + ((<usize>j) << 2), value);
    }
    addLine(tile, step, aux, n, unit);
    return;
  }
  for (let i = 0; i < 8; i++) {
    let to = aux + ((<usize>i) << 2);
    for (let s = 0; s < n; s++) {
      const distance = origin + s - i * pace;
      let value: f32 = 0;
      if (i < lines) value = span > 0 ? load<f32>(Column.of(row, distance, span)) : -load<f32>(row) * <f32>abs(distance);
      store<f32>(to, value);
      to += 32;
    }
    row += (<usize>queryStride) << 2;
  }
  addTile(tile, step, aux, n, unit);
}

/** `rows[i][distance] += tile[s][i]`: the way back of {@link addDistances}, one query after the other in ascending order of keys. */
export function gatherDistances(
  rows: usize,
  tile: usize,
  step: usize,
  lines: i32,
  n: i32,
  queryStride: i32,
  span: i32,
  origin: i32,
  pace: i32,
): void {
  for (let i = 0; i < lines; i++) {
    let from = tile + ((<usize>i) << 2);
    for (let s = 0; s < n; s++) {
      const distance = origin + s - i * pace;
      const to = span > 0 ? Column.of(rows, distance, span) : rows;
      const value = load<f32>(from);
      store<f32>(to, load<f32>(to) + (span > 0 ? value : -value * <f32>abs(distance)));
      from += step;
    }
    rows += (<usize>queryStride) << 2;
  }
}

/** `tile = cap · tanh(tile / cap)`; the slopes of that into `slope`, rows of the same step, where it is not 0. */
export function soften(tile: usize, step: usize, n: i32, cap: f32, slope: usize): void {
  const most = V.splat(cap);
  const one = V.splat(1);
  for (let s = 0; s < n; s++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const t = Tanh.of(f32x4.div(V.load(tile + half), most));
      V.store(tile + half, f32x4.mul(most, t));
      if (slope) V.store(slope + half, f32x4.sub(one, f32x4.mul(t, t)));
    }
    tile += step;
    if (slope) slope += step;
  }
}
