import { writeTogether } from '../io/disk.ts';
import { parseHeader } from '../io/header.ts';
import type { FileFacts } from '../io/into.ts';
import { laidOutLike } from '../io/like.ts';
import { type FileEntry, joined, layOut } from '../io/safetensors.ts';
import { entriesOf } from '../io/tensors.ts';
import { withTypes } from '../io/types.ts';
import type { Module, StateDict } from '../nn/module.ts';
import type { StateMap } from '../nn/state-map.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A file that a model was in. */
export interface PretrainedFile extends FileFacts {
  /** Name of the file. */
  readonly name: string;
  /** The tensors of it that were not skipped. */
  readonly names: readonly string[];
}

/** What {@link Pretrained} is made of. */
export interface PretrainedParts<M extends Module> {
  /** With the weights of the files. */
  readonly model: M;
  /** The name of its family. */
  readonly family: string;
  /** As `config.json` has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the files and of the model. */
  readonly map: StateMap;
  /** The files that were read. */
  readonly files: readonly PretrainedFile[];
  /** What the family has no use for, as it lay there. */
  readonly kept: ReadonlyMap<string, FileEntry>;
  /** Which file holds each tensor, if there are several. */
  readonly index: Readonly<Record<string, unknown>> | undefined;
}

/** A model that was loaded, and what its files were: so that it can be saved as they were. */
export class Pretrained<M extends Module = Module> {
  readonly model: M;
  /** The name of its family. */
  readonly family: string;
  /** What its `config.json` says. */
  readonly config: Readonly<Record<string, unknown>>;
  private readonly parts: PretrainedParts<M>;

  constructor(parts: PretrainedParts<M>) {
    this.model = parts.model;
    this.family = parts.family;
    this.config = parts.config;
    this.parts = parts;
  }

  /** The strings beside the tensors, of all files. */
  get metadata(): Readonly<Record<string, string>> {
    return Object.assign(Object.create(null), ...this.parts.files.map(({ metadata }) => metadata));
  }

  /** The model's tensors under the names of its files. */
  stateDict(): StateDict {
    const { model, map, files } = this.parts;
    const made = map.save(model.stateDict());
    const names = new Set(files.flatMap((file) => file.names));
    return new Map([...made].filter(([name]) => names.has(name)));
  }

  /**
   * The files as they were, with the weights that the model has now: names, types, order and whatever the model has no use for. A model that was not
   * changed gives the same bytes. What was skipped is not there.
   */
  toFiles(): Map<string, Uint8Array<ArrayBuffer>> {
    const all = new Map(Array.from(this.laidOut(), ([name, pieces]) => [name, joined(pieces)]));
    for (const [name, value] of this.json()) all.set(name, new TextEncoder().encode(value));
    return all;
  }

  /**
   * {@link toFiles} into a folder (Node): none takes the place of an old one before all are on the disk, so that a save that fails leaves the
   * old model whole.
   */
  async save(folder: string | URL): Promise<void> {
    const base = String(folder).replace(/[\\/]$/, '');
    await writeTogether(this.pieces(base));
  }

  private *pieces(base: string): Generator<[string, readonly Uint8Array[]]> {
    for (const [name, parts] of this.laidOut()) yield [`${base}/${name}`, parts];
    for (const [name, value] of this.json()) yield [`${base}/${name}`, [new TextEncoder().encode(value)]];
  }

  private json(): [string, string][] {
    const { config, index } = this.parts;
    const written: [string, unknown][] = [
      ['config.json', config],
      ...(index ? [['model.safetensors.index.json', index] as [string, unknown]] : []),
    ];
    return written.map(([name, value]) => [name, `${JSON.stringify(value, null, 2)}\n`]);
  }

  private *laidOut(): Generator<[string, Uint8Array[]]> {
    const made = this.stateDict();
    for (const file of this.parts.files) {
      const tensors = new Map(file.names.map((name) => [name, (made.get(name) ?? this.parts.kept.get(name)) as Tensor | FileEntry]));
      yield [file.name, laidOut(tensors, file)];
    }
  }
}

/** Like the file; where some of it was skipped, by its types and in its order alone. */
function laidOut(tensors: ReadonlyMap<string, Tensor | FileEntry>, { header, metadata }: PretrainedFile): Uint8Array[] {
  const { tensors: layouts } = parseHeader(header, Infinity);
  if (layouts.size === tensors.size) return laidOutLike(tensors, { header });
  const types = new Map(Array.from(layouts, ([name, { dtype }]) => [name, dtype]));
  return layOut(entriesOf(withTypes(tensors, types)), { metadata, checksum: false });
}
