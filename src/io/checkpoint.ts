import { expectNames, type Names, shown } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type FilePath, writeAtomically } from './disk.ts';
import { readFile } from './file.ts';
import { isCount } from './format.ts';
import { type FileContent, type ReadOptions, readBytes, type Target } from './reading.ts';
import { arrays, encoded, type FileEntry, type FileTensor, joined, layOut, type WriteOptions } from './safetensors.ts';
import { entriesOf, tensorsOf } from './tensors.ts';
import { brief, listed } from './words.ts';

/** A part with named tensors to save and load: a module, an optimiser. `loadStateDict` checks everything before it changes anything. */
export interface Stateful {
  /** Its tensors by name. */
  stateDict(): ReadonlyMap<string, Tensor>;
  /** Loads values into them. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void;
  /** Checks everything and returns a function that loads it and cannot fail. Optimisers have it. */
  prepareStateDict?(dict: ReadonlyMap<string, Tensor>): () => void;
}

/** The position of a training run, as `train` reports it and takes it for `start`. */
export interface SavedPosition {
  /** The current epoch, from 0. */
  readonly epoch: number;
  /** Batches of this epoch that are already used. */
  readonly batch: number;
  /** Total number of steps. */
  readonly step: number;
  /** The best metric so far. */
  readonly best?: number;
  /** Evaluations since the best metric. */
  readonly waited?: number;
}

/** The parts of a checkpoint. */
export interface CheckpointParts {
  /** The model, or any part with a state dict. */
  model: Pick<Stateful, 'stateDict'>;
  /** The optimiser. */
  optimizer?: Pick<Stateful, 'stateDict'> | undefined;
  /** The copy of the best weights, a `Snapshot`. */
  best?: Pick<Stateful, 'stateDict'> | undefined;
  /** The `position` in the progress that `train` reports. */
  position?: SavedPosition | undefined;
  /** Other numbers, saved exactly. */
  numbers?: Readonly<Record<string, number>> | undefined;
  /** Random keys by name. */
  keys?: Readonly<Record<string, Key>> | undefined;
  /** Strings by name. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** A checkpoint read from a file. Its records have no prototype. */
export interface Checkpoint {
  /** The model's tensors by path. */
  readonly model: Map<string, Tensor>;
  /** The optimiser's tensors by path. */
  readonly optimizer: Map<string, Tensor>;
  /** The best weights, if they were saved. */
  readonly best?: Map<string, Tensor>;
  /** For `train({ start })`, if it was saved. */
  readonly position?: SavedPosition;
  /** Numbers by name. */
  readonly numbers: Record<string, number>;
  /** Random keys by name. */
  readonly keys: Record<string, Key>;
  /** Strings by name. */
  readonly metadata: Record<string, string>;
}

const MARK = 'saccade.checkpoint';
const VERSION = '1';
const sections = ['optimizer/', 'best/', 'position/', 'number/', 'key/'] as const;

/**
 * Saves a training run (Node) as one safetensors file, replaced atomically. Parameters are saved under their own names, so any safetensors
 * reader finds the weights; the rest is `optimizer/NAME`, `best/NAME`, `position/NAME` and `number/NAME` (F64) and `key/NAME` (two I32
 * words).
 */
export async function saveCheckpoint(path: FilePath, parts: CheckpointParts): Promise<void> {
  await writeAtomically(path, layOut(...pack(parts)));
}

/** Reads a checkpoint (Node). Another safetensors file is read as the weights of a model. A torn file is an error. */
export async function loadCheckpoint(path: FilePath, options: ReadOptions = {}): Promise<Checkpoint> {
  return unpack(await readFile(path, options, bySection));
}

/** {@link saveCheckpoint} to bytes, for hosts without files. */
export function writeCheckpoint(parts: CheckpointParts): Uint8Array<ArrayBuffer> {
  return joined(layOut(...pack(parts)));
}

/** {@link loadCheckpoint} from bytes. */
export function readCheckpoint(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): Checkpoint {
  return unpack(readBytes(bytes, options, bySection));
}

/**
 * Restores the parameters and the optimiser's state from a checkpoint. It compares every name, shape and type before it changes anything;
 * on an error, even out of memory, both stay as they were. Parts that are not given are skipped.
 */
export function restoreCheckpoint(
  checkpoint: Checkpoint,
  into: { model: Stateful; optimizer?: Stateful | undefined; best?: Stateful | undefined },
): void {
  expectParts(into, intoNames);
  const { model, optimizer, best } = into;
  if (!(Object(checkpoint).model instanceof Map))
    throw new TypeError(`checkpoint: checkpoint must be one that was read, got ${shown(checkpoint)}`);
  scope(() => {
    expectSame('model', checkpoint.model, model.stateDict());
    if (optimizer) expectSame('optimizer', checkpoint.optimizer, optimizer.stateDict());
    // The optimiser first: it checks more than names and shapes, whereas a module only copies.
    if (best) expectSame('best', checkpoint.best ?? new Map(), best.stateDict());
    const loads = [
      optimizer && prepared(optimizer, checkpoint.optimizer),
      best && checkpoint.best && prepared(best, checkpoint.best),
      prepared(model, checkpoint.model),
    ];
    for (const load of loads) load?.();
  });
}

function prepared(part: Stateful, dict: ReadonlyMap<string, Tensor>): () => void {
  return part.prepareStateDict?.(dict) ?? (() => part.loadStateDict(dict));
}

function expectSame(part: string, saved: ReadonlyMap<string, Tensor>, own: ReadonlyMap<string, Tensor>): void {
  const unknown = [...saved.keys()].filter((name) => !own.has(name));
  const missing = [...own.keys()].filter((name) => !saved.has(name));
  if (unknown.length > 0 || missing.length > 0) {
    throw new Error(`checkpoint: names must be the ${part}'s, got unknown ${listed(unknown)} and missing ${listed(missing)}`);
  }
  for (const [name, from] of saved) {
    const to = own.get(name) as Tensor;
    if (!sameShape(from.shape, to.shape) || from.dtype !== to.dtype) {
      throw new RangeError(`checkpoint: ${part}'s ${name} must be ${to.dtype} ${show(to.shape)}, got ${from.dtype} ${show(from.shape)}`);
    }
    void [from.ptr, to.ptr]; // throws here if one is of an ended scope or another backend, not halfway through the copies
  }
}

const partNames: Names<CheckpointParts> = { model: 0, optimizer: 0, best: 0, position: 0, numbers: 0, keys: 0, metadata: 0 };
const intoNames = { model: 0, optimizer: 0, best: 0 };

/** Refuses unknown parts, which would silently be lost, and a model without a state dict. */
function expectParts<P extends { model: Pick<Stateful, 'stateDict'> }>(parts: P, names: Names<NoInfer<P>>): void {
  expectNames('checkpoint', parts, names);
  if (typeof parts.model?.stateDict !== 'function')
    throw new TypeError(`checkpoint: model must have stateDict(), got ${shown(parts.model)}`);
}

type Entries = Iterable<readonly [string, FileEntry]>;

/** Entries and options, in the form that the writers take. */
function pack(parts: CheckpointParts): [Entries, WriteOptions] {
  expectParts(parts, partNames);
  const { model, optimizer, best, position, numbers = {}, keys = {}, metadata } = parts;
  return scope(() => {
    const weights = model.stateDict();
    for (const name of weights.keys()) {
      if (sections.some((section) => name.startsWith(section))) {
        throw new Error(`checkpoint: parameters must not be named ${sections.join(', ')}…, got ${brief(name)}`);
      }
    }
    const under = (section: (typeof sections)[number], entries: Entries): [string, FileEntry][] =>
      Array.from(entries, ([name, entry]) => [section + name, entry]);
    const entries = [
      ...entriesOf(weights),
      ...under('optimizer/', entriesOf(optimizer?.stateDict() ?? [])),
      ...under('best/', entriesOf(best?.stateDict() ?? [])),
      ...under('position/', Object.entries(position ? checkPosition({ ...position }) : {}).map(packNumber)),
      ...under('number/', Object.entries(numbers).map(packNumber)),
      ...under('key/', Object.entries(keys).map(packKey)),
    ];
    return [entries, { metadata: { ...metadata, [MARK]: VERSION } }];
  });
}

function packNumber([name, value]: [string, number]): [string, FileEntry] {
  if (typeof value !== 'number') throw new TypeError(`checkpoint: ${brief(name)} must be a number, got ${typeof value}`);
  return [name, encoded(name, { dtype: 'F64', shape: [], data: Float64Array.of(value) })];
}

function packKey([name, value]: [string, Key]): [string, FileEntry] {
  if (!Number.isInteger(value?.hi) || !Number.isInteger(value.lo)) {
    throw new TypeError(`checkpoint: ${brief(name)} must be a key, as key() makes them, got ${typeof value}`);
  }
  return [name, encoded(name, { dtype: 'I32', shape: [2], data: Int32Array.of(value.hi, value.lo) })];
}

/** Checks the numbers that a run starts from. Fields without a value are left out. */
function checkPosition(numbers: Partial<Record<string, number>>): SavedPosition {
  for (const name of ['epoch', 'batch', 'step']) {
    if (!isCount(numbers[name])) throw new RangeError(`checkpoint: position must have a whole ${name} from 0, got ${numbers[name]}`);
  }
  const { waited, best } = numbers;
  if (waited !== undefined && !isCount(waited)) throw new RangeError(`checkpoint: position must have waited whole steps, got ${waited}`);
  if (best !== undefined && typeof best !== 'number')
    throw new TypeError(`checkpoint: position must have a number as best, got ${typeof best}`);
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as SavedPosition;
}

type Part = Tensor | FileTensor;

/** The section of a tensor by its name; '' is the model's. A file without the mark is a model alone. */
function sectionOf(name: string, metadata: Readonly<Record<string, string>>): (typeof sections)[number] | '' {
  const version = metadata[MARK];
  if (version === undefined) return '';
  if (version !== VERSION) throw new Error(`checkpoint: file must be a checkpoint of version ${VERSION}, got ${brief(version)}`);
  return sections.find((start) => name.startsWith(start)) ?? '';
}

/** Makes tensors of parameters and the optimiser's state; the rest stays plain numbers. */
const bySection: Target<Part> = (name, layout, metadata) => {
  const section = sectionOf(name, metadata);
  return section === '' || section === 'optimizer/' || section === 'best/' ? tensorsOf(name, layout) : arrays(name, layout, metadata);
};

function unpack({ tensors, metadata }: FileContent<Part>): Checkpoint {
  const numbers: Record<string, number> = Object.create(null);
  const position: Record<string, number> = {};
  const keys: Record<string, Key> = Object.create(null);
  const optimizer = new Map<string, Tensor>();
  const model = new Map<string, Tensor>();
  const best = new Map<string, Tensor>();
  for (const [name, entry] of tensors) {
    const section = sectionOf(name, metadata);
    const short = name.slice(section.length);
    if (entry instanceof Tensor) (section === '' ? model : section === 'best/' ? best : optimizer).set(short, entry);
    else if (section === 'key/') keys[short] = unpackKey(name, entry);
    else (section === 'number/' ? numbers : position)[short] = unpackNumber(name, entry);
  }
  sectionOf('', metadata);
  delete metadata[MARK];
  const found = Object.keys(position).length > 0 ? { position: checkPosition(position) } : {};
  return { model, optimizer, ...(best.size > 0 && { best }), ...found, numbers, keys, metadata };
}

function unpackNumber(name: string, { dtype, shape, data }: FileTensor): number {
  const [value] = data;
  if (dtype === 'F64' && data.length === 1 && typeof value === 'number') return value;
  throw new Error(`checkpoint: ${brief(name)} must be one number as F64, got ${dtype} ${show(shape)}`);
}

function unpackKey(name: string, { dtype, shape, data }: FileTensor): Key {
  const [hi, lo] = data;
  if (dtype === 'I32' && data.length === 2 && typeof hi === 'number' && typeof lo === 'number') return { hi, lo };
  throw new Error(`checkpoint: ${brief(name)} must be a key of two I32 words, got ${dtype} ${show(shape)}`);
}
