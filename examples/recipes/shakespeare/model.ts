// A character model of the package's layers: in nanoGPT's arrangement or, choice by choice, in that of its speed runs.
import {
  add,
  Embedding,
  foldIn,
  type Key,
  LayerNorm,
  Module,
  matmul,
  normal,
  parameter,
  parameters,
  slice,
  split,
  type Tensor,
  tensor,
  zeros,
} from 'saccade';
import { type Between, causal } from 'saccade/attention';
import { type Norm, TransformerEncoderLayer } from 'saccade/models';
import { Dropout, RMSNorm, rotaryTable } from 'saccade/nn';
import { gather, rmsNorm, rotary, softcap } from 'saccade/ops';

/** How large a model is, and what is dropped of it under training. */
export interface Shape {
  layers: number;
  /** D. */
  size: number;
  heads: number;
  /** T: characters that are read at once. */
  block: number;
  dropout: number;
}

/** What is modern in a model; without any of it, it is nanoGPT's. */
export interface Choices {
  /** RMSNorm without weights, of the embedding too (Zhang and Sennrich 2019). */
  rmsNorm?: boolean;
  /** Base of rotary positions (Su et al. 2021), in place of learned ones. */
  rotary?: number;
  /** Norm of queries and keys (Henry et al. 2020), scores times 2.4 / √(width of a head). */
  qkNorm?: boolean;
  /** ReLU² in place of GELU (So et al. 2021). */
  squared?: boolean;
  /** A head of its own, 0 at first as is each map that adds to the residual; embeddings N(0, 1); logits within ±15. */
  zeroed?: boolean;
  /** A vector for each pair of neighbouring characters, 0 at first. */
  pairs?: boolean;
}

const CAP = 15;
const SHARPNESS = 2.4;

/** What is done to queries and keys; nothing in nanoGPT. */
function betweenOf({ qkNorm, rotary: base }: Choices, { size, heads, block }: Shape): Between | undefined {
  if (!qkNorm && !base) return undefined;
  const table = base ? rotaryTable({ width: size / heads, length: block, base }) : undefined;
  const turned = (x: Tensor, positions: Tensor) => {
    const even = qkNorm ? rmsNorm(x) : x;
    return table ? rotary(even, table, positions) : even;
  };
  return { query: turned, key: turned };
}

/** A decoder-only Transformer over characters. */
export class CharacterModel extends Module {
  readonly symbols: Embedding; // [C, D]
  readonly positions: Embedding | null; // [T, D]
  readonly pairs: Tensor | null; // [C² + 1, D]
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Norm;
  readonly head: Tensor | null; // [C, D]
  private readonly first: Norm | undefined;
  private readonly cap: boolean;
  private readonly dropout: Dropout;

  constructor(symbols: number, shape: Shape, choices: Choices, from: Key) {
    super();
    const { layers, size, heads, block, dropout } = shape;
    const { zeroed = false, squared, qkNorm, rotary: base, pairs } = choices;
    const [forSymbols, forPositions, forLayers, forValues] = split(from, 4);
    const norm = () => (choices.rmsNorm ? new RMSNorm({ size, weight: false }) : new LayerNorm({ size, bias: false }));
    const between = betweenOf(choices, shape);
    const options = {
      ...{ size, heads, dropout, norm, bias: false, normFirst: true, window: causal },
      activation: squared ? ('relu2' as const) : ('gelu' as const),
      ...(between && { between }),
      ...(qkNorm && { scale: SHARPNESS / Math.sqrt(size / heads) }),
    };
    this.symbols = new Embedding({ symbols, size }, forSymbols);
    this.positions = base ? null : new Embedding({ symbols: block, size }, forPositions);
    this.pairs = pairs ? parameter(zeros([symbols ** 2 + 1, size])) : null;
    this.layers = Array.from({ length: layers }, (_, i) => new TransformerEncoderLayer(options, foldIn(forLayers, i)));
    this.norm = norm();
    this.head = zeroed ? parameter(zeros([symbols, size])) : null;
    this.first = choices.rmsNorm ? norm() : undefined;
    this.cap = zeroed;
    this.dropout = new Dropout({ p: dropout });
    this.draw(zeroed, forValues);
  }

  /** The values that the paper's authors start from: GPT-2's, or with `zeroed` those of nanoGPT's speed runs. */
  private draw(zeroed: boolean, from: Key): void {
    const last = 0.02 / Math.sqrt(2 * this.layers.length);
    for (const [i, [path, x]] of [...parameters(this)].entries()) {
      const adds = /(out_proj|linear2)\.weight$/.test(path);
      if (!/^(symbols|positions)\.|_proj|linear\d/.test(path)) continue;
      const input = x.shape[1] as number;
      const embeds = !path.startsWith('layers.');
      const std = zeroed ? (embeds ? 1 : adds ? 0 : 0.5 / Math.sqrt(input)) : adds ? last : 0.02;
      const values = normal(foldIn(from, i), x.shape, { std }).toArray();
      x.view().set(values);
    }
  }

  /** Characters `[B, T]`, one row after the other, to the logits of each one's next `[B, T, C]`. Dropout is on where a key is given. */
  forward(rows: Int32Array, time: number, options: { key?: Key | undefined } = {}): Tensor {
    const [forInput, ...forLayers] = options.key ? split(options.key, 1 + this.layers.length) : [];
    const shape = [rows.length / time, time];
    let x = this.symbols.forward(tensor(rows, { shape })); // [B, T, D]
    if (this.positions) x = add(x, slice(this.positions.weight, 0, 0, time));
    if (this.pairs) x = add(x, gather(this.pairs, tensor(pairsOf(rows, time, this.symbols.weight.shape[0] as number), { shape })));
    if (this.first) x = this.first.forward(x);
    x = this.dropout.forward(x, { key: forInput });
    for (const [i, layer] of this.layers.entries()) x = layer.forward(x, { key: forLayers[i] });
    const logits = matmul(this.norm.forward(x), this.head ?? this.symbols.weight, { transposeB: true });
    return this.cap ? softcap(logits, CAP) : logits;
  }
}

/** Each character with the one before it, as one number; the first of a row has none before it. */
function pairsOf(rows: Int32Array, time: number, symbols: number): Int32Array {
  return rows.map((symbol, i) => (i % time === 0 ? symbols ** 2 : (rows[i - 1] as number) * symbols + symbol));
}
