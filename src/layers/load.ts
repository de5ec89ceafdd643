import { sourceOf } from '../io/source.ts';
import { shown } from '../tensor/check.ts';
import { LayersModel } from './model.ts';
import { type Weight, type WeightSpec, weightsOf } from './weights.ts';

/** The `model.json` that TensorFlow.js writes, parsed. */
export interface LayersFile {
  /** The layers as Keras wrote them, at the top or within `model_config`: a `Sequential`, `Model` or `Functional`. */
  modelTopology: unknown;
  /** Groups of weight files: the paths of a group hold one run of bytes, which `weights` describes in order. */
  weightsManifest?: readonly { paths: readonly string[]; weights: readonly WeightSpec[] }[];
}

/** Where the files of a model come from: its `model.json` as an object or as text, and the bytes of the weights' files by path. */
export interface LayersFiles {
  /** The parsed `model.json`, or its text. */
  model: LayersFile | string;
  /** The bytes of each path that `weightsManifest` names. */
  weights: (path: string) => Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>;
}

const bytesOf = (path: string, found: unknown): Uint8Array => {
  if (found instanceof Uint8Array) return found;
  if (found instanceof ArrayBuffer) return new Uint8Array(found);
  throw new TypeError(`loadLayersModel: weights must give the bytes of ${path}, got ${shown(found)}`);
};

function parsed(model: LayersFile | string): LayersFile {
  if (typeof model !== 'string') return model;
  try {
    return JSON.parse(model) as LayersFile;
  } catch (cause) {
    throw new SyntaxError(`loadLayersModel: model must be the text of model.json, got ${cause}`, { cause });
  }
}

/** Whether `fetch` is asked: for an address, and in a page also for what stands beside it. Anything else is a path (Node). */
const isAddress = (from: string) => /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(from) || (!/^file:/i.test(from) && 'location' in globalThis);

/** Reads both from a folder: the path or the `file:` URL of a `model.json`. */
async function onDisk(from: string): Promise<LayersFiles> {
  const whole = async (name: string) => {
    const source = await sourceOf(/^file:/i.test(name) ? new URL(name) : name, 0);
    try {
      return await source.read(0, source.size);
    } finally {
      await source.close(false);
    }
  };
  const folder = from.slice(0, from.search(/[^/\\]*$/));
  return { model: new TextDecoder().decode(await whole(from)), weights: (path) => whole(folder + path) };
}

/** Reads both from an address. */
async function fetched(url: string): Promise<LayersFiles> {
  const read = async (address: URL | string) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`loadLayersModel: the server must have ${address}, got status ${response.status}`);
    return response;
  };
  const response = await read(url);
  const base = response.url || url;
  return { model: await response.text(), weights: async (path) => (await read(new URL(path, base))).arrayBuffer() };
}

/**
 * A Layers model that TensorFlow.js saved, or its converter from Keras 2, as a module with the same outputs: dense, embedding, LSTM, GRU (with
 * `reset_after` or without) and simple recurrent layers, both directions, layer and batch normalisation, convolutions, pools, dot attention, merges,
 * shapes. A layer or an option that is not known is named in the error. Weights that were quantised to 8 or 16 bits are read as numbers.
 *
 * `await loadLayersModel('https://…/model.json')`, in Node also a path, or `await loadLayersModel({ model: text, weights: (path) => readFile(path) })`.
 */
export async function loadLayersModel(from: string | URL | LayersFiles): Promise<LayersModel> {
  const isPlace = typeof from === 'string' || from instanceof URL;
  const files = isPlace ? await (isAddress(String(from)) ? fetched : onDisk)(String(from)) : from;
  if (!Object(files).model || typeof files.weights !== 'function')
    throw new TypeError(`loadLayersModel: files must be { model, weights } or an address, got ${shown(from)}`);
  const { modelTopology, weightsManifest } = parsed(files.model);
  if (!Array.isArray(weightsManifest))
    throw new Error(`loadLayersModel: weightsManifest must be in model.json, got ${shown(weightsManifest)}`);
  const found = new Map<string, Weight>();
  for (const [i, group] of (weightsManifest as NonNullable<LayersFile['weightsManifest']>).entries()) {
    const { paths, weights } = Object(group) as typeof group;
    const listed = Array.isArray(weights) && Array.isArray(paths) && paths.every((path) => typeof path === 'string');
    if (!listed) throw new TypeError(`loadLayersModel: group ${i} of weightsManifest must be { paths, weights }, got ${shown(group)}`);
    const shards = await Promise.all(paths.map(async (path) => bytesOf(path, await files.weights(path))));
    const bytes = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const shard of shards) {
      bytes.set(shard, at);
      at += shard.length;
    }
    for (const [name, weight] of weightsOf(weights, bytes)) found.set(name, weight);
  }
  const topology = Object(modelTopology) as { model_config?: unknown };
  return new LayersModel(topology.model_config ?? modelTopology, found);
}
