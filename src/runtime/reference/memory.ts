import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

const TINY = 1e-12;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log1p(Math.exp(x));

function softmax(x: readonly number[]): number[] {
  const exps = x.map((v) => Math.exp(v - Math.max(...x)));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((v) => v / total);
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  range(a.length).reduce((sum, i) => sum + (a[i] as number) * (b[i] as number), 0);
const inverse = (x: ArrayLike<number>) => 1 / Math.sqrt(dot(x, x) + TINY);
const softmaxSlope = (g: readonly number[], y: readonly number[]) => y.map((v, i) => v * ((g[i] as number) - dot(g, y)));

/** The kernels of assembly/kernels/memory.ts in float64. */
export function remembering(cells: Cells) {
  const rows = (p: number, count: number, width: number) => range(count).map((i) => cells().subarray(p + i * width, p + (i + 1) * width));

  /** Views of what the heads say, or of its gradients. */
  const said = (p: number, heads: number, writes: number, moves: number, width: number) => {
    const numbers = p + heads * width;
    const erase = numbers + (3 + moves) * heads;
    const list = (from: number, n: number) => cells().subarray(from, from + n);
    return {
      keys: rows(p, heads, width),
      strengths: list(numbers, heads),
      gates: list(numbers + heads, heads),
      shifts: rows(numbers + 2 * heads, heads, moves),
      sharpness: list(numbers + (2 + moves) * heads, heads),
      erase: rows(erase, writes, width),
      addition: rows(erase + writes * width, writes, width),
    };
  };

  /** What each head kept: lines of `n` cells. */
  const keptOf = (saved: number, xWidth: number, heads: number, n: number) => {
    const norms = saved + xWidth;
    const line = (k: number) => cells().subarray(norms + k * n, norms + (k + 1) * n);
    return {
      norms: line(0),
      of: (h: number) => ({ cosine: line(1 + 4 * h), content: line(2 + 4 * h), gated: line(3 + 4 * h), logs: line(4 + 4 * h) }),
      keyNorms: cells().subarray(norms + (1 + 4 * heads) * n, norms + (1 + 4 * heads) * n + heads),
    };
  };

  const clamped = (x: number) => Math.max(-20, Math.min(20, x));

  return {
    memoryStep(weights, read, next, saved, x, bank, previous, batch, heads, reads, moves, n, width, xWidth, savedWidth) {
      const writes = heads - reads;
      for (let b = 0; b < batch; b++) {
        const [raw, own] = [x + b * xWidth, saved + b * savedWidth].map((p) => said(p, heads, writes, moves, width)) as [
          ReturnType<typeof said>,
          ReturnType<typeof said>,
        ];
        const each = (from: ArrayLike<number>, to: Float64Array, f: (v: number) => number) =>
          to.set(Array.from(from, (v) => f(clamped(v))));
        for (let h = 0; h < heads; h++) {
          each(raw.keys[h] as Float64Array, own.keys[h] as Float64Array, Math.tanh);
          own.shifts[h]?.set(softmax(Array.from(raw.shifts[h] as Float64Array, clamped)));
        }
        each(raw.strengths, own.strengths, softplus);
        each(raw.gates, own.gates, sigmoid);
        each(raw.sharpness, own.sharpness, (v) => 1 + softplus(v));
        for (let h = 0; h < writes; h++) {
          each(raw.erase[h] as Float64Array, own.erase[h] as Float64Array, sigmoid);
          each(raw.addition[h] as Float64Array, own.addition[h] as Float64Array, Math.tanh);
        }
        const [M, before, W] = [
          rows(bank + b * n * width, n, width),
          rows(previous + b * heads * n, heads, n),
          rows(weights + b * heads * n, heads, n),
        ];
        const kept = keptOf(saved + b * savedWidth, xWidth, heads, n);
        kept.norms.set(M.map(inverse));
        for (let h = 0; h < heads; h++) {
          const key = own.keys[h] as Float64Array;
          const { cosine, content, gated, logs } = kept.of(h);
          kept.keyNorms[h] = inverse(key);
          cosine.set(M.map((cell) => dot(key, cell) * inverse(key) * inverse(cell)));
          content.set(softmax(Array.from(cosine, (v) => v * (own.strengths[h] as number))));
          const gate = own.gates[h] as number;
          gated.set(Array.from(content, (v, i) => gate * v + (1 - gate) * (before[h]?.[i] as number)));
          const turned = range(n).map((i) =>
            range(moves).reduce((sum, j) => sum + (own.shifts[h]?.[j] as number) * (gated[(i - (j - (moves >> 1)) + n) % n] as number), 0),
          );
          logs.set(turned.map((v) => Math.log(v + TINY)));
          W[h]?.set(softmax(Array.from(logs, (v) => v * (own.sharpness[h] as number))));
        }
        rows(read + b * reads * width, reads, width).forEach((out, h) => {
          out.set(range(width).map((c) => range(n).reduce((sum, i) => sum + (W[h]?.[i] as number) * (M[i]?.[c] as number), 0)));
        });
        if (writes === 0) continue;
        rows(next + b * n * width, n, width).forEach((out, i) => {
          out.set(
            Array.from(M[i] as Float64Array, (value, c) => {
              const weight = (h: number) => W[reads + h]?.[i] as number;
              const left = range(writes).reduce((v, h) => v * (1 - weight(h) * (own.erase[h]?.[c] as number)), value);
              return range(writes).reduce((v, h) => v + weight(h) * (own.addition[h]?.[c] as number), left);
            }),
          );
        });
      }
    },

    memoryStepBackward(
      dx,
      dbank,
      dprevious,
      g,
      gRead,
      gNext,
      x,
      bank,
      previous,
      weights,
      saved,
      batch,
      heads,
      reads,
      moves,
      n,
      width,
      xWidth,
      savedWidth, // biome-ignore format: a signature
    ) {
      const writes = heads - reads;
      for (let b = 0; b < batch; b++) {
        const list = (p: number, count: number, w: number) =>
          p ? rows(p + b * count * w, count, w) : range(count).map(() => new Float64Array(w));
        const [M, before, W] = [list(bank, n, width), list(previous, heads, n), list(weights, heads, n)];
        const [gW, gR, gN] = [list(g, heads, n).map((row) => row.slice()), list(gRead, reads, width), list(gNext, n, width)];
        const dM = gN.map((row) => row.slice());
        const own = said(saved + b * savedWidth, heads, writes, moves, width);
        const slopes = said(dx + b * xWidth, heads, writes, moves, width);
        cells().fill(0, dx + b * xWidth, dx + (b + 1) * xWidth);
        const kept = keptOf(saved + b * savedWidth, xWidth, heads, n);
        const add = (to: Float64Array | undefined, i: number, value: number) => {
          if (to) to[i] = (to[i] as number) + value;
        };
        if (writes > 0)
          for (let i = 0; i < n; i++)
            for (let c = 0; c < width; c++) {
              const slope = gN[i]?.[c] as number;
              const value = M[i]?.[c] as number;
              const weight = (h: number) => W[reads + h]?.[i] as number;
              const left = (h: number) => 1 - weight(h) * (own.erase[h]?.[c] as number);
              const product = (but: number) => range(writes).reduce((v, h) => (h === but ? v : v * left(h)), 1);
              (dM[i] as Float64Array)[c] = slope * product(-1);
              for (let h = 0; h < writes; h++) {
                const rest = slope * value * product(h);
                add(gW[reads + h], i, slope * (own.addition[h]?.[c] as number) - rest * (own.erase[h]?.[c] as number));
                add(slopes.addition[h], c, slope * weight(h));
                add(slopes.erase[h], c, -rest * weight(h));
              }
            }
        for (let h = 0; h < reads; h++)
          for (let i = 0; i < n; i++)
            for (let c = 0; c < width; c++) {
              add(gW[h], i, (gR[h]?.[c] as number) * (M[i]?.[c] as number));
              add(dM[i], c, (gR[h]?.[c] as number) * (W[h]?.[i] as number));
            }
        for (let h = 0; h < heads; h++) {
          const { cosine, content, gated, logs } = kept.of(h);
          const key = own.keys[h] as Float64Array;
          const [strength, gate, sharp] = [own.strengths[h], own.gates[h], own.sharpness[h]] as [number, number, number];
          const sharpened = softmaxSlope(Array.from(gW[h] as Float64Array), Array.from(W[h] as Float64Array));
          slopes.sharpness[h] = dot(sharpened, logs);
          const turned = sharpened.map((v, i) => (v * sharp) / Math.exp(logs[i] as number));
          const between = range(n).map(() => 0);
          for (let j = 0; j < moves; j++)
            for (let i = 0; i < n; i++) {
              const from = (i - (j - (moves >> 1)) + n) % n;
              add(slopes.shifts[h], j, (turned[i] as number) * (gated[from] as number));
              between[from] = (between[from] as number) + (turned[i] as number) * (own.shifts[h]?.[j] as number);
            }
          slopes.gates[h] = dot(between, content) - dot(between, before[h] as Float64Array);
          rows(dprevious + b * heads * n, heads, n)[h]?.set(between.map((v) => v * (1 - gate)));
          const scored = softmaxSlope(
            between.map((v) => v * gate),
            Array.from(content),
          );
          slopes.strengths[h] = dot(scored, cosine);
          for (let i = 0; i < n; i++) {
            const slope = (scored[i] as number) * strength;
            const cell = M[i] as Float64Array;
            const [k, m] = [kept.keyNorms[h], kept.norms[i]] as [number, number];
            for (let c = 0; c < width; c++) {
              const [of, at] = [key[c], cell[c]] as [number, number];
              add(slopes.keys[h], c, slope * (at * k * m - (cosine[i] as number) * k * k * of));
              add(dM[i], c, slope * (of * k * m - (cosine[i] as number) * m * m * at));
            }
          }
        }
        rows(dbank + b * n * width, n, width).forEach((out, i) => void out.set(dM[i] as Float64Array));
        const raw = said(x + b * xWidth, heads, writes, moves, width);
        const through = (d: Float64Array, y: ArrayLike<number>, slope: (y: number) => number) =>
          void d.set(d.map((v, i) => v * slope(y[i] as number)));
        const byTanh = (y: number) => 1 - y * y;
        const bySigmoid = (y: number) => y * (1 - y);
        slopes.keys.forEach((d, h) => void through(d, own.keys[h] as Float64Array, byTanh));
        through(slopes.strengths, raw.strengths, sigmoid);
        through(slopes.gates, own.gates, bySigmoid);
        slopes.shifts.forEach((d, h) => void d.set(softmaxSlope(Array.from(d), Array.from(own.shifts[h] as Float64Array))));
        through(slopes.sharpness, raw.sharpness, sigmoid);
        slopes.erase.forEach((d, h) => void through(d, own.erase[h] as Float64Array, bySigmoid));
        slopes.addition.forEach((d, h) => void through(d, own.addition[h] as Float64Array, byTanh));
        const at = dx + b * xWidth;
        for (let i = 0; i < xWidth; i++) if (Math.abs(cells()[x + b * xWidth + i] as number) > 20) cells()[at + i] = 0;
      }
    },
  } satisfies Partial<Kernels>;
}
