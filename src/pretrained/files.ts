// Which files a model is in: one, several, or several with an index that says so.

import { isMissing } from '../io/disk.ts';
import { OpenFile } from '../io/into.ts';
import type { ReadOptions } from '../io/reading.ts';
import { type FileSource, isFileSource, sourceOf } from '../io/source.ts';
import { shown } from '../tensor/check.ts';
import type { ConfigSource } from './config.ts';

/**
 * Where a model comes from: one safetensors file; a list of them, such as the files that a user chose; files by name, with their
 * `model.safetensors.index.json` or without, and with their `config.json` if it is not given; or a folder that has them (Node). JSON may be an object, text or
 * a file.
 */
export type PretrainedFiles = FileSource | readonly FileSource[] | Readonly<Record<string, FileSource | ConfigSource>>;

/** What was found. */
export interface Found {
  /** Safetensors files in the order of their names in the index, else as they were given. A file alone has no name. */
  readonly weights: readonly (readonly [name: string, source: FileSource])[];
  /** What the index says: in its `weight_map`, which file each tensor is in. */
  readonly index: Index | undefined;
  readonly config: ConfigSource | undefined;
}

/** A `model.safetensors.index.json`. */
export interface Index extends Readonly<Record<string, unknown>> {
  /** The file of each tensor, by its name. */
  readonly weight_map: Readonly<Record<string, string>>;
}

const INDEX = '.safetensors.index.json';
const CONFIG = 'config.json';
const ALONE = 'model.safetensors';

/** Sorts out what was given. */
export async function foundIn(files: PretrainedFiles): Promise<Found> {
  if (typeof files === 'string' || files instanceof URL) return ofPath(files);
  if (isFileSource(files)) return { weights: [[ALONE, files]], index: undefined, config: undefined };
  if (Array.isArray(files)) return ofNames(new Map((files as readonly FileSource[]).map((file, i) => [nameOf(file) ?? `${i}`, file])));
  if (typeof files === 'object' && files !== null) return ofNames(new Map(Object.entries(files)));
  throw new TypeError(`loadPretrained: files must be a file, a list of files or files by name, got ${shown(files)}`);
}

/** The last part of a path or of a URL, or the name of a file that a user chose. */
function nameOf(file: FileSource): string | undefined {
  const path = file instanceof Response ? file.url.split(/[?#]/)[0] : (file as { name?: unknown }).name;
  const text = typeof file === 'string' || file instanceof URL ? String(file) : path;
  return typeof text === 'string' && text !== '' ? decodeURIComponent(text.split(/[\\/]/).at(-1) as string) : undefined;
}

async function ofNames(files: ReadonlyMap<string, FileSource | ConfigSource>): Promise<Found> {
  const named = (is: (name: string) => boolean) => [...files.keys()].filter(is);
  const indexed = named((name) => name.endsWith(INDEX));
  if (indexed.length > 1) throw new RangeError(`loadPretrained: files must have one index, got ${indexed.join(' and ')}`);
  const index = indexed[0] === undefined ? undefined : indexOf(indexed[0], await jsonOf(files.get(indexed[0]) as ConfigSource));
  const config = files.has(CONFIG) ? ((await jsonOf(files.get(CONFIG) as ConfigSource)) as ConfigSource) : undefined;
  const order = index ? [...new Set(Object.values(index.weight_map))] : named((name) => !name.endsWith('.json'));
  if (order.length === 0)
    throw new RangeError(`loadPretrained: files must hold a safetensors file, got ${named(() => true).join(', ') || 'none'}`);
  const weights = order.map((name) => {
    const source = files.get(name);
    if (isFileSource(source)) return [name, source] as const;
    throw new RangeError(`loadPretrained: files must hold ${name}, which the index names, got ${named(() => true).join(', ')}`);
  });
  return { weights, index, config };
}

/** A folder, an index, or a file; what lies beside an index or in a folder is found. */
async function ofPath(given: string | URL): Promise<Found> {
  const path = String(given);
  if (path.endsWith('.safetensors')) return { weights: [[nameOf(path) ?? ALONE, given]], index: undefined, config: undefined };
  const folder = path.endsWith('.json') ? path.slice(0, path.length - (nameOf(path) as string).length) : `${path.replace(/[\\/]$/, '')}/`;
  // Only a file that is not there may be missing: one that cannot be read says so, and no other stands in for it.
  const beside = async (name: string) => [name, await textOf(folder + name).catch(unlessMissing)] as const;
  const [name, text] = path.endsWith(INDEX) ? ([nameOf(path) as string, await textOf(path)] as const) : await beside(`model${INDEX}`);
  const index = text === undefined ? undefined : indexOf(name, await jsonOf(text));
  const order = index ? [...new Set(Object.values(index.weight_map))] : [ALONE];
  return { weights: order.map((file) => [file, folder + file]), index, config: (await beside(CONFIG))[1] };
}

/** JSON that is an object, text or a file. */
export async function jsonOf(source: FileSource | ConfigSource): Promise<unknown> {
  const isText = typeof source === 'string' && source.trimStart().startsWith('{');
  if (!isText && !isFileSource(source)) return source;
  const text = isText ? source : await textOf(source);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`loadPretrained: a JSON file must be JSON, got ${shown(text.slice(0, 40))}`, { cause });
  }
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

async function textOf(from: FileSource): Promise<string> {
  if (from instanceof Response) return from.text();
  const source = await sourceOf(from, 2 ** 20);
  try {
    return new TextDecoder().decode(await source.read(0, source.size));
  } finally {
    await source.close(false);
  }
}

function indexOf(name: string, index: unknown): Index {
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  const isMap =
    typeof map === 'object' && map !== null && Object.values(map).every((file) => typeof file === 'string' && !/[\\/]/.test(file));
  if (isMap) return index as Index;
  throw new TypeError(`loadPretrained: ${name} must have a weight_map of file names, got ${shown(map)}`);
}

/** Opens the files and compares them with the index. On an error none is left open. */
export async function openedFiles({ weights, index }: Found, options: ReadOptions): Promise<OpenFile[]> {
  const files: OpenFile[] = [];
  try {
    for (const [, source] of weights) files.push(await OpenFile.of(source, options));
    const has = weights.map(([name], i) => [name, new Set(files[i]?.tensors.map(([tensor]) => tensor))] as const);
    const places = new Map(has.flatMap(([file, names]) => Array.from(names, (name) => [name, file])));
    const lost = Object.entries(index?.weight_map ?? {}).find(([name, file]) => places.get(name) !== file && !isLeftOut(name, options));
    if (lost)
      throw new RangeError(
        `loadPretrained: ${lost[1]} must hold ${lost[0]}, as the index says, got ${places.get(lost[0]) ?? 'no such name'}`,
      );
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}

function isLeftOut(name: string, { skip }: ReadOptions): boolean {
  return typeof skip === 'function' ? skip(name) : (skip?.includes(name) ?? false);
}
