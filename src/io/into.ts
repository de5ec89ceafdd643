import type { Module } from '../nn/module.ts';
import type { StateMap } from '../nn/state-map.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { driven } from './file.ts';
import { Filling, type FillingOptions } from './filling.ts';
import { type FileContent, type Opened, opening, type ReadOptions, type Sink, type Target } from './reading.ts';
import { type FileSource, type Source, sourceOf } from './source.ts';
import { fail, quote } from './words.ts';

/** Options of {@link loadInto}. */
export interface LoadIntoOptions extends ReadOptions {
  /** Relates names of the file to paths of the module. Default: they are equal. */
  map?: StateMap | undefined;
  /** Whether exactly the module's parameters and buffers must be in the file. Default true. */
  strict?: boolean | undefined;
  /**
   * Whether to collect all tensors beside the module until the whole file has arrived and is valid. Default true. Without it, tensors are
   * written to the module as they arrive, which needs no memory beyond the module's; after an error, such as a lost connection, the module
   * holds some of them.
   */
  staged?: boolean | undefined;
}

const names: Names<LoadIntoOptions> = { map: 0, strict: 0, staged: 0, only: 0, skip: 0, checksum: 0, maximumHeader: 0 };

/** What {@link loadInto} returns of the file, to write another like it. */
export type FileFacts = Pick<FileContent<unknown>, 'metadata' | 'header'>;

/** Bytes per read. */
const PIECE = 2 ** 20;

/**
 * Loads a safetensors file into a module piece by piece, with at most some megabytes of it in JavaScript's memory. Names, shapes and types
 * are compared with the module's before any tensor is read; on an error the module stays as it was.
 *
 * `await loadInto(model, await fetch(url))` in a page, `await loadInto(model, 'model.safetensors', { map: gpt2 })` in Node.
 */
export async function loadInto(module: Module, source: FileSource, options: LoadIntoOptions = {}): Promise<FileFacts> {
  expectNames('loadInto', options, names);
  const { map, strict, staged, ...rest } = options;
  const file = await OpenFile.of(source, rest);
  await fill(module, [file], { map, strict, staged }, !rest.only && !rest.skip);
  return file.facts;
}

/** A file whose header is read. */
export class OpenFile {
  private readonly source: Source;
  private readonly opened: Opened;

  private constructor(source: Source, opened: Opened) {
    this.source = source;
    this.opened = opened;
  }

  static async of(from: FileSource, options: ReadOptions): Promise<OpenFile> {
    const source = await sourceOf(from, PIECE);
    try {
      return new OpenFile(source, await driven(opening(source.size, options), source.read));
    } catch (error) {
      await source.close(false);
      throw error;
    }
  }

  get facts(): FileFacts {
    const { metadata, header } = this.opened;
    return { metadata, header };
  }

  /** What it holds, but what the options leave out. */
  get tensors(): Opened['wanted'] {
    return this.opened.wanted;
  }

  /** Reads the tensors of these names in the order in which they lie there: a stream has them so. `whole` if nothing else may be there. */
  async read(needed: ReadonlySet<string>, target: Target<null>, whole: boolean): Promise<void> {
    const wanted = this.opened.wanted.filter(([name]) => needed.has(name)).sort(([, a], [, b]) => a.begin - b.begin);
    await driven(this.opened.read(target, wanted, PIECE), this.source.read);
    await this.source.close(whole && wanted.length === this.opened.wanted.length);
  }

  async close(): Promise<void> {
    await this.source.close(false);
  }
}

/** Bytes of tensors that have come, and of all that will. */
export type Progress = (loaded: number, total: number) => void;

/** Fills a module with what files hold together, in their order, and closes them. `whole` if they may hold nothing after their tensors. */
export async function fill(
  module: Module,
  files: readonly OpenFile[],
  options: FillingOptions,
  whole: boolean,
  progress?: Progress,
): Promise<void> {
  const filling = new Filling(module, options);
  try {
    const all = files.flatMap(({ tensors }) => tensors);
    const seen = new Set<string>();
    for (const [name] of all) if (seen.size === seen.add(name).size) fail('files must hold each tensor once', `${quote(name)} twice`);
    const needed = filling.begin(all);
    const total = all.reduce((sum, [name, { begin, end }]) => sum + (needed.has(name) ? end - begin : 0), 0);
    const sink = progress ? counting(filling.sink, total, progress) : filling.sink;
    for (const file of files) await file.read(needed, sink, whole);
    filling.finish();
  } finally {
    filling.drop();
    for (const file of files) await file.close();
  }
}

/** The same, with word of what has come. */
function counting(target: Target<null>, total: number, progress: Progress): Target<null> {
  let loaded = 0;
  return (...given) => {
    const sink = target(...given);
    const put: Sink<null>['put'] = (bytes) => {
      const { length } = bytes;
      sink.put(bytes);
      loaded += length;
      progress(loaded, total);
    };
    return { ...sink, put };
  };
}
