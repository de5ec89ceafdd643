import { grad, memoryReport, noGrad, scaledDotProductAttention, type Tensor, tensor, wasmBackend } from 'saccade';
import { withBackend } from 'saccade/reference';
import { type Case, drawn, type Figure, parametersOf, resultOf, type Target, valuesOf } from '../case.ts';
import * as plain from '../plain.ts';

const HEADS = 8;
const WIDTH = 64;

/** One of the cases. */
interface Kind {
  causal?: boolean;
  mask?: boolean;
  bias?: boolean;
  slopes?: boolean;
}

const words = (kind: Kind) => (['causal', 'mask', 'bias', 'slopes'] as const).filter((word) => kind[word]);

const slopesOf = () => drawn(HEADS, 5).map((x) => Math.abs(x) / 16);

/** Queries at the end of T keys: all of them, or as many as float64 computes quickly. */
function inputsOf(length: number, queries: number, kind: Kind) {
  const [query, keys, values] = parametersOf([
    [1, HEADS, queries, WIDTH],
    [1, HEADS, length, WIDTH],
    [1, HEADS, length, WIDTH],
  ]) as [Tensor, Tensor, Tensor];
  const options = {
    ...(kind.causal ? { causal: true } : {}),
    ...(kind.mask ? { mask: tensor(Array.from({ length }, (_, i) => i % 7 !== 3)) } : {}),
    ...(kind.bias ? { bias: tensor(drawn(HEADS * queries * length, 5), { shape: [1, HEADS, queries, length] }) } : {}),
    ...(kind.slopes ? { slopes: tensor(slopesOf(), { shape: [HEADS, 1, 1] }) } : {}),
  };
  return { query, keys, values, options };
}

const forward = (length: number, queries: number, kind: Kind) => () => {
  const { query, keys, values, options } = inputsOf(length, queries, kind);
  return () => scaledDotProductAttention(query, keys, values, options).output;
};

/** The gradients of queries, keys and values; the forward pass runs once. */
const backward = (length: number, queries: number, kind: Kind) => () => {
  const { query, keys, values, options } = inputsOf(length, queries, kind);
  const y = scaledDotProductAttention(query, keys, values, options).output;
  const gradient = tensor(drawn(y.size, 6), { shape: y.shape });
  return () => {
    const [first, ...others] = grad(y, [query, keys, values], { gradient });
    for (const other of others) other.storage.free();
    return first as Tensor;
  };
};

/** Pairs of query and key that are not masked. */
const pairs = (length: number, kind: Kind) => HEADS * (kind.causal ? (length * (length + 1)) / 2 : length * length);

/** The same in float64, head by head. */
function wantedOf(pass: 'forward' | 'backward', length: number, queries: number, kind: Kind): number[] {
  const shapes = [queries, length, length].map((rows) => [1, HEADS, rows, WIDTH]);
  const [query, keys, values] = valuesOf(shapes) as [Float32Array, Float32Array, Float32Array];
  const bias = drawn(HEADS * queries * length, 5);
  const slopes = slopesOf();
  const gradient = drawn(HEADS * queries * WIDTH, 6);
  return Array.from({ length: HEADS }, (_, h) => {
    const of = (x: Float32Array) => x.subarray((h * x.length) / HEADS, ((h + 1) * x.length) / HEADS);
    const head = {
      query: of(query),
      keys: of(keys),
      values: of(values),
      width: WIDTH,
      causal: kind.causal ?? false,
      may: (s: number) => !kind.mask || s % 7 !== 3,
      bias: (t: number, s: number) =>
        kind.slopes ? -(slopes[h] as number) * (length - 1 - s) : kind.bias ? (bias[(h * queries + t) * length + s] as number) : 0,
    };
    return pass === 'forward' ? plain.attention(head) : plain.attentionBackward(head, of(gradient));
  }).flat();
}

/** Queries that float64 computes. */
const few = (length: number) => Math.min(length, Math.max(8, 2 ** 15 / length));

function attention(pass: 'forward' | 'backward', length: number, kind: Kind, target?: Target): Case {
  const setup = pass === 'forward' ? forward : backward;
  const shape = [1, HEADS, length, WIDTH];
  return {
    name: [pass, `T=${length}`, ...words(kind)].join(' '),
    bound: 'compute',
    // Two products forward; backward the scores again, then the gradients of values, weights, queries and keys.
    work: (pass === 'forward' ? 2 : 5) * 2 * WIDTH * pairs(length, kind),
    setup: setup(length, length, kind),
    proof: () => ({ got: resultOf(setup(length, few(length), kind)), wanted: wantedOf(pass, length, few(length), kind) }),
    tolerance: 5e-6,
    task: { op: pass === 'forward' ? 'attention' : 'attentionBackward', shapes: [shape, shape, shape], ...kind },
    ...(target ? { target } : {}),
  };
}

/** One query of each head against T keys of a cache, as decoding has it: a product for every key that is read once. */
function decoding(length: number, kind: Kind): Case {
  return {
    name: ['one query', `T=${length}`, ...words(kind)].join(' '),
    bound: 'read',
    work: 2 * 4 * WIDTH * HEADS * length, // bytes of keys and values
    setup: forward(length, 1, kind),
    proof: () => ({ got: resultOf(forward(length, 1, kind)), wanted: wantedOf('forward', length, 1, kind) }),
    tolerance: 5e-6,
  };
}

/** Peak memory in megabytes, without the inputs, on a backend of its own that has held nothing else. */
async function megabytes(length: number): Promise<number> {
  return withBackend(await wasmBackend(), () => {
    const { query, keys, values } = inputsOf(length, length, {});
    const before = memoryReport().bytes;
    noGrad(() => scaledDotProductAttention(query, keys, values, { causal: true }));
    return (memoryReport().peak - before) / 2 ** 20;
  });
}

const lengths = [128, 256, 512, 1024, 2048, 4096];

export const attentions: (Case | Figure)[] = [
  ...lengths.map((length) =>
    attention('forward', length, {}, { fraction: 0.8, peers: 1.4, relaxed: 1.25, ...(length === 1024 ? { twoThreads: 1.85 } : {}) }),
  ),
  // Causal takes at most 0.6 of full: with (T + 1) / 2T of the work, at least that share of the rate.
  ...lengths.map((length) =>
    attention('forward', length, { causal: true }, { like: [`forward T=${length}`, (length + 1) / 2 / length / 0.6] }),
  ),
  attention('forward', 1024, { mask: true }, { fraction: 0.8 }),
  attention('forward', 1024, { bias: true }, { fraction: 0.8 }),
  attention('forward', 1024, { causal: true, mask: true, bias: true }),
  ...lengths.map((length) => attention('backward', length, {}, { fraction: 0.7 })),
  ...lengths.map((length) => attention('backward', length, { causal: true })),
  ...[128, 1024, 4096].map((length) => decoding(length, {})),
  decoding(1024, { slopes: true }),
  { name: 'memory of forward T=16384 causal, inputs aside', unit: 'MB', rounds: 1, once: () => megabytes(16_384), target: { most: 64 } },
];
