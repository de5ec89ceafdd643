import type { Key } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readFile, writeAtomically } from './file.ts';
import { type FileContent, type FileTensor, layOut, readSafetensors, writeSafetensors } from './safetensors.ts';
import { entriesOf, toTensor } from './tensors.ts';

/** What has tensors by name to save and load: a module, an optimiser. */
export interface Stateful {
  stateDict(): ReadonlyMap<string, Tensor>;
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void;
}

/** What a checkpoint is made of. */
export interface CheckpointParts {
  model: Pick<Stateful, 'stateDict'>;
  optimizer?: Pick<Stateful, 'stateDict'>;
  /** Step, epoch, position in it, best loss, …: kept to the last bit. */
  numbers?: Readonly<Record<string, number>>;
  keys?: Readonly<Record<string, Key>>;
  metadata?: Readonly<Record<string, string>>;
}

/** A checkpoint that was read. The records have no prototype. */
export interface Checkpoint {
  readonly model: Map<string, Tensor>;
  readonly optimizer: Map<string, Tensor>;
  readonly numbers: Record<string, number>;
  readonly keys: Record<string, Key>;
  readonly metadata: Record<string, string>;
}

const MARK = 'saccade.checkpoint';
const VERSION = '1';
const sections = ['optimizer/', 'number/', 'key/'] as const;

/**
 * Saves a training run (Node): one safetensors file, replaced atomically. Parameters stand under their own names, so that any reader
 * of safetensors finds the weights; beside them `optimizer/NAME`, `number/NAME` (F64) and `key/NAME` (two I32 words).
 */
export async function saveCheckpoint(path: string, parts: CheckpointParts): Promise<void> {
  await writeAtomically(path, layOut(...pack(parts)));
}

/** Reads a checkpoint (Node); a torn or foreign file is an error. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  return unpack(await readFile(path));
}

/** {@link saveCheckpoint} to bytes, for where there are no files. */
export function writeCheckpoint(parts: CheckpointParts): Uint8Array<ArrayBuffer> {
  return writeSafetensors(...pack(parts));
}

/** {@link loadCheckpoint} from bytes. */
export function readCheckpoint(bytes: Uint8Array | ArrayBuffer): Checkpoint {
  return unpack(readSafetensors(bytes));
}

/**
 * Puts a checkpoint's parameters and optimiser state in place. Every name, shape and type is compared before anything is changed; an
 * error leaves both as they were. Without `optimizer` its state is passed over.
 */
export function restoreCheckpoint(checkpoint: Checkpoint, into: { model: Stateful; optimizer?: Stateful }): void {
  const { model, optimizer } = into;
  scope(() => {
    expectSame('model', checkpoint.model, model.stateDict());
    if (optimizer) expectSame('optimizer', checkpoint.optimizer, optimizer.stateDict());
  });
  model.loadStateDict(checkpoint.model);
  optimizer?.loadStateDict(checkpoint.optimizer);
}

function expectSame(part: string, saved: ReadonlyMap<string, Tensor>, own: ReadonlyMap<string, Tensor>): void {
  const unknown = [...saved.keys()].filter((name) => !own.has(name));
  const missing = [...own.keys()].filter((name) => !saved.has(name));
  if (unknown.length > 0 || missing.length > 0) {
    throw new Error(`checkpoint: names must be the ${part}'s, got unknown [${unknown.join(', ')}] and missing [${missing.join(', ')}]`);
  }
  for (const [name, from] of saved) {
    const to = own.get(name);
    if (to && (!sameShape(from.shape, to.shape) || from.dtype !== to.dtype)) {
      throw new RangeError(`checkpoint: ${part}'s ${name} must be ${to.dtype} ${show(to.shape)}, got ${from.dtype} ${show(from.shape)}`);
    }
  }
}

/** Entries and options, as the writers take them. */
function pack(parts: CheckpointParts): [[string, FileTensor][], { metadata: Record<string, string> }] {
  return scope(() => {
    const weights = parts.model.stateDict();
    for (const name of weights.keys()) {
      if (sections.some((section) => name.startsWith(section))) {
        throw new Error(`checkpoint: parameters must not be named ${sections.join(', ')}…, got ${name}`);
      }
    }
    const under = (section: (typeof sections)[number], entries: Iterable<readonly [string, FileTensor]>): [string, FileTensor][] =>
      Array.from(entries, ([name, entry]) => [section + name, entry]);
    const number = (value: number): FileTensor => ({ dtype: 'F64', shape: [], data: Float64Array.of(value) });
    const key = ({ hi, lo }: Key): FileTensor => ({ dtype: 'I32', shape: [2], data: Int32Array.of(hi, lo) });
    const entries = [
      ...entriesOf(weights),
      ...under('optimizer/', entriesOf(parts.optimizer?.stateDict() ?? [])),
      ...under(
        'number/',
        Object.entries(parts.numbers ?? {}).map(([name, value]) => [name, number(value)] as const),
      ),
      ...under(
        'key/',
        Object.entries(parts.keys ?? {}).map(([name, value]) => [name, key(value)] as const),
      ),
    ];
    return [entries, { metadata: { ...parts.metadata, [MARK]: VERSION } }];
  });
}

function unpack({ tensors, metadata }: FileContent): Checkpoint {
  const { [MARK]: version, ...own } = metadata;
  if (version !== VERSION) throw new Error(`checkpoint: file must be a checkpoint of version ${VERSION}, got ${version ?? 'none'}`);
  const numbers: Record<string, number> = Object.create(null);
  const keys: Record<string, Key> = Object.create(null);
  const optimizer = new Map<string, FileTensor>();
  const model = new Map<string, FileTensor>();
  for (const [name, entry] of tensors) {
    const { data } = entry;
    const section = sections.find((start) => name.startsWith(start)) ?? '';
    const short = name.slice(section.length);
    if (section === 'optimizer/') optimizer.set(short, entry);
    else if (section === '') model.set(name, entry);
    else if (section === 'number/' && data instanceof Float64Array && data.length === 1) numbers[short] = data[0] as number;
    else if (section === 'key/' && data instanceof Int32Array && data.length === 2) {
      keys[short] = { hi: data[0] as number, lo: data[1] as number };
    } else throw new Error(`checkpoint: ${name} must be one F64 (number) or two I32 (key), got ${entry.dtype} ${show(entry.shape)}`);
  }
  const asTensors = (entries: Map<string, FileTensor>): Map<string, Tensor> =>
    new Map([...entries].map(([name, entry]) => [name, toTensor(name, entry)]));
  return { model: asTensors(model), optimizer: asTensors(optimizer), numbers, keys, metadata: Object.assign(Object.create(null), own) };
}
