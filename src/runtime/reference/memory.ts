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

const clamped = (x: number) => Math.max(-20, Math.min(20, x));

type Rows = readonly Float64Array[];

/** What the heads say, or its gradients. */
interface Said {
  readonly keys: Rows;
  readonly strengths: Float64Array;
  readonly gates: Float64Array;
  readonly shifts: Rows;
  readonly sharpness: Float64Array;
  readonly erase: Rows;
  readonly addition: Rows;
}

/** The stages of one head's addressing, a number for each cell. */
interface Stages {
  readonly cosine: Float64Array;
  readonly content: Float64Array;
  readonly gated: Float64Array;
  readonly logs: Float64Array;
}

/** One example: what it says, where it was, the memory and the weights, and what the stages kept. */
interface Example {
  readonly own: Said;
  readonly memory: Rows;
  readonly before: Rows;
  readonly weights: Rows;
  readonly norms: Float64Array;
  readonly keyNorms: Float64Array;
  readonly stages: (h: number) => Stages;
}

/** The lengths that an example's views need. */
type Sizes = Record<'heads' | 'n' | 'width' | 'xWidth' | 'savedWidth', number>;

const add = (to: Float64Array | undefined, i: number, value: number) => {
  if (to) to[i] = (to[i] as number) + value;
};

/** What the heads say, from the numbers they are given. */
function speak(raw: Said, own: Said): void {
  const each = (from: Float64Array, to: Float64Array | undefined, f: (v: number) => number) => to?.set(from.map((v) => f(clamped(v))));
  raw.keys.forEach((x, h) => void each(x, own.keys[h], Math.tanh));
  each(raw.strengths, own.strengths, softplus);
  each(raw.gates, own.gates, sigmoid);
  raw.shifts.forEach((x, h) => void own.shifts[h]?.set(softmax(Array.from(x, clamped))));
  each(raw.sharpness, own.sharpness, (v) => 1 + softplus(v));
  raw.erase.forEach((x, h) => void each(x, own.erase[h], sigmoid));
  raw.addition.forEach((x, h) => void each(x, own.addition[h], Math.tanh));
}

/** Back through {@link speak}: gradients of what the heads say become those of the numbers. */
function speakBackward(raw: Said, own: Said, slopes: Said): void {
  const through = (d: Float64Array, y: Float64Array | undefined, slope: (y: number) => number) =>
    void d.set(d.map((v, i) => v * slope(y?.[i] as number)));
  const byTanh = (y: number) => 1 - y * y;
  const bySigmoid = (y: number) => y * (1 - y);
  slopes.keys.forEach((d, h) => void through(d, own.keys[h], byTanh));
  through(slopes.strengths, raw.strengths, sigmoid);
  through(slopes.gates, own.gates, bySigmoid);
  slopes.shifts.forEach((d, h) => void d.set(softmaxSlope(Array.from(d), Array.from(own.shifts[h] as Float64Array))));
  through(slopes.sharpness, raw.sharpness, sigmoid);
  slopes.erase.forEach((d, h) => void through(d, own.erase[h], bySigmoid));
  slopes.addition.forEach((d, h) => void through(d, own.addition[h], byTanh));
}

/** Where head h looks: by content, between that and before, moved, sharpened. */
function look({ own, memory, before, weights, keyNorms, stages }: Example, h: number): void {
  const n = memory.length;
  const [key, shift] = [own.keys[h], own.shifts[h]] as [Float64Array, Float64Array];
  const gate = own.gates[h] as number;
  const { cosine, content, gated, logs } = stages(h);
  keyNorms[h] = inverse(key);
  cosine.set(memory.map((cell) => dot(key, cell) * inverse(key) * inverse(cell)));
  content.set(softmax(Array.from(cosine, (v) => v * (own.strengths[h] as number))));
  gated.set(content.map((v, i) => gate * v + (1 - gate) * (before[h]?.[i] as number)));
  const from = (i: number, j: number) => (i - (j - (shift.length >> 1)) + n) % n;
  const turned = range(n).map((i) => shift.reduce((sum, share, j) => sum + share * (gated[from(i, j)] as number), 0));
  logs.set(turned.map((v) => Math.log(v + TINY)));
  weights[h]?.set(softmax(Array.from(logs, (v) => v * (own.sharpness[h] as number))));
}

/** Back through {@link look}, from the gradient of head h's weights: fills `slopes`, adds to that of the memory, gives that of where it was. */
function lookBackward(example: Example, h: number, g: Float64Array, slopes: Said, dM: Rows): number[] {
  const { own, memory, before, weights, norms, keyNorms, stages } = example;
  const n = memory.length;
  const [key, shift] = [own.keys[h], own.shifts[h]] as [Float64Array, Float64Array];
  const [strength, gate, sharp] = [own.strengths[h], own.gates[h], own.sharpness[h]] as [number, number, number];
  const { cosine, content, gated, logs } = stages(h);
  const sharpened = softmaxSlope(Array.from(g), Array.from(weights[h] as Float64Array));
  slopes.sharpness[h] = dot(sharpened, logs);
  const turned = sharpened.map((v, i) => (v * sharp) / Math.exp(logs[i] as number));
  const between = range(n).map(() => 0);
  for (let j = 0; j < shift.length; j++)
    for (let i = 0; i < n; i++) {
      const from = (i - (j - (shift.length >> 1)) + n) % n;
      add(slopes.shifts[h], j, (turned[i] as number) * (gated[from] as number));
      between[from] = (between[from] as number) + (turned[i] as number) * (shift[j] as number);
    }
  slopes.gates[h] = dot(between, content) - dot(between, before[h] as Float64Array);
  const byContent = between.map((v) => v * gate);
  const scored = softmaxSlope(byContent, Array.from(content));
  slopes.strengths[h] = dot(scored, cosine);
  memory.forEach((cell, i) => {
    const slope = (scored[i] as number) * strength;
    const [k, m] = [keyNorms[h], norms[i]] as [number, number];
    key.forEach((of, c) => {
      const at = cell[c] as number;
      add(slopes.keys[h], c, slope * (at * k * m - (cosine[i] as number) * k * k * of));
      add(dM[i], c, slope * (of * k * m - (cosine[i] as number) * m * m * at));
    });
  });
  return between.map((v) => v * (1 - gate));
}

/** What a cell holds after the heads behind `reads` have erased and then added. */
function written({ own, weights }: Example, reads: number, value: number, i: number, c: number): number {
  const weight = (h: number) => weights[reads + h]?.[i] as number;
  const left = own.erase.reduce((v, erase, h) => v * (1 - weight(h) * (erase[c] as number)), value);
  return own.addition.reduce((v, addition, h) => v + weight(h) * (addition[c] as number), left);
}

/** Back through {@link written}, from the gradient of the memory afterwards: gives that of the memory before. */
function writtenBackward({ own, memory, weights }: Example, reads: number, gN: Rows, gW: Rows, slopes: Said): Float64Array[] {
  return gN.map((row, i) =>
    row.map((slope, c) => {
      const weight = (h: number) => weights[reads + h]?.[i] as number;
      const product = (but: number) => own.erase.reduce((v, erase, h) => (h === but ? v : v * (1 - weight(h) * (erase[c] as number))), 1);
      own.erase.forEach((erase, h) => {
        const rest = slope * (memory[i]?.[c] as number) * product(h);
        add(gW[reads + h], i, slope * (own.addition[h]?.[c] as number) - rest * (erase[c] as number));
        add(slopes.addition[h], c, slope * weight(h));
        add(slopes.erase[h], c, -rest * weight(h));
      });
      return slope * product(-1);
    }),
  );
}

/** The kernels of assembly/kernels/memory.ts in float64. */
export function remembering(cells: Cells) {
  const list = (p: number, count: number) => cells().subarray(p, p + count);
  const rows = (p: number, count: number, width: number) => range(count).map((i) => list(p + i * width, width));
  /** The same, or zeros where there is no address. */
  const rowsOrZeros = (p: number, b: number, count: number, width: number) =>
    p ? rows(p + b * count * width, count, width) : range(count).map(() => new Float64Array(width));

  const said = (p: number, heads: number, writes: number, moves: number, width: number): Said => {
    const numbers = p + heads * width;
    const erase = numbers + (3 + moves) * heads;
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

  /** Example b: `saved` holds what was said, then lines of `n` cells, then the keys' norms. */
  const exampleOf = (b: number, at: Record<'bank' | 'previous' | 'weights' | 'saved', number>, own: Said, sizes: Sizes): Example => {
    const { heads, n, width, xWidth, savedWidth } = sizes;
    const norms = at.saved + b * savedWidth + xWidth;
    const line = (k: number) => list(norms + k * n, n);
    return {
      own,
      memory: rows(at.bank + b * n * width, n, width),
      before: rows(at.previous + b * heads * n, heads, n),
      weights: rows(at.weights + b * heads * n, heads, n),
      norms: line(0),
      keyNorms: list(norms + (1 + 4 * heads) * n, heads),
      stages: (h) => ({ cosine: line(1 + 4 * h), content: line(2 + 4 * h), gated: line(3 + 4 * h), logs: line(4 + 4 * h) }),
    };
  };

  return {
    memoryStep(weights, read, next, saved, x, bank, previous, batch, heads, reads, moves, n, width, xWidth, savedWidth) {
      const writes = heads - reads;
      for (let b = 0; b < batch; b++) {
        const own = said(saved + b * savedWidth, heads, writes, moves, width);
        speak(said(x + b * xWidth, heads, writes, moves, width), own);
        const example = exampleOf(b, { bank, previous, weights, saved }, own, { heads, n, width, xWidth, savedWidth });
        const { memory, norms, weights: W } = example;
        norms.set(memory.map(inverse));
        for (let h = 0; h < heads; h++) look(example, h);
        rows(read + b * reads * width, reads, width).forEach((out, h) => {
          out.set(range(width).map((c) => range(n).reduce((sum, i) => sum + (W[h]?.[i] as number) * (memory[i]?.[c] as number), 0)));
        });
        if (writes === 0) continue;
        rows(next + b * n * width, n, width).forEach((out, i) => {
          out.set(Array.from(memory[i] as Float64Array, (value, c) => written(example, reads, value, i, c)));
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
      savedWidth,
    ) {
      const writes = heads - reads;
      for (let b = 0; b < batch; b++) {
        const own = said(saved + b * savedWidth, heads, writes, moves, width);
        const example = exampleOf(b, { bank, previous, weights, saved }, own, { heads, n, width, xWidth, savedWidth });
        const [gW, gN] = [rowsOrZeros(g, b, heads, n), rowsOrZeros(gNext, b, n, width)].map((all) => all.map((row) => row.slice())) as [Float64Array[], Float64Array[]]; // biome-ignore format: one line
        const numbers = list(dx + b * xWidth, xWidth).fill(0);
        const slopes = said(dx + b * xWidth, heads, writes, moves, width);
        const dM = writes > 0 ? writtenBackward(example, reads, gN, gW, slopes) : gN;
        rowsOrZeros(gRead, b, reads, width).forEach((row, h) => {
          for (let i = 0; i < n; i++)
            for (let c = 0; c < width; c++) {
              add(gW[h], i, (row[c] as number) * (example.memory[i]?.[c] as number));
              add(dM[i], c, (row[c] as number) * (example.weights[h]?.[i] as number));
            }
        });
        rows(dprevious + b * heads * n, heads, n).forEach((out, h) => {
          out.set(lookBackward(example, h, gW[h] as Float64Array, slopes, dM));
        });
        rows(dbank + b * n * width, n, width).forEach((out, i) => void out.set(dM[i] as Float64Array));
        const raw = said(x + b * xWidth, heads, writes, moves, width);
        speakBackward(raw, own, slopes);
        list(x + b * xWidth, xWidth).forEach((v, i) => {
          if (Math.abs(v) > 20) numbers[i] = 0;
        });
      }
    },
  } satisfies Partial<Kernels>;
}
