import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { fail } from './words.ts';

/** A file: its path, or a `file:` URL. */
export type FilePath = string | URL;

// Imported on use. The comments and the catch tell bundlers that it need not resolve in a browser.
const files = () => import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises').catch(noFiles);
const urls = () => import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:url').catch(noFiles);

function noFiles(cause: unknown): never {
  throw new Error(
    'files: must be read and written where node:fs is, got a host without; use saveTensors and loadTensors on bytes instead',
    {
      cause,
    },
  );
}

/** The maximal number of bytes in one system call: with 2^31 or more, Node ends the process. */
const CALL = 2 ** 30;

/** The methods used of an open file. Declarations must not name Node's types, which a page's project need not have. */
export interface OpenFile {
  read(into: Uint8Array, offset: number, length: number, at: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
  close(): Promise<void>;
}

/** Opens a file for reading. */
export async function openFile(path: FilePath): Promise<OpenFile> {
  const { open } = await files();
  return open(await pathOf(path), 'r');
}

/** Reads exactly `length` bytes from `at`, to the start of `bytes` if given. */
export async function readExactly(
  file: OpenFile,
  at: number,
  length: number,
  bytes = new Uint8Array(length),
): Promise<Uint8Array<ArrayBuffer>> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(CALL, length - done), at + done);
    if (bytesRead === 0) fail('file must not shrink while it is read', `an end at byte ${at + done}`);
    done += bytesRead;
  }
  return bytes.subarray(0, length);
}

/**
 * Writes pieces to `path` (Node). Whatever happens, the file is the whole old one or the whole new one: the pieces go to a random name in
 * the same folder, unique among processes, threads and machines, are flushed to the disk, and the name is changed. The new file keeps mode
 * and owner of the old one, and links stay links. A process killed meanwhile leaves `path.….tmp` behind.
 */
export async function writeAtomically(path: FilePath, parts: readonly Uint8Array[]): Promise<void> {
  await writeTogether([[path, parts]]);
}

/**
 * {@link writeAtomically} of several files that belong together: none takes its name before all are on the disk. If a name cannot be changed after
 * another was, the error says that there are files of both.
 */
export async function writeTogether(all: Iterable<readonly [FilePath, readonly Uint8Array[]]>): Promise<void> {
  const { rename, rm } = await files();
  const written: Written[] = [];
  let named = 0;
  try {
    for (const [path, parts] of all) written.push(await writtenAside(path, parts));
    for (const { temporary, target } of written) {
      await rename(temporary, target);
      named++;
    }
  } catch (cause) {
    for (const { temporary } of written.slice(named)) await rm(temporary, { force: true }).catch(() => undefined);
    if (named === 0) throw cause;
    const { target } = written[named] as Written;
    throw new Error(`files: ${target} could not take its name after ${named} others had; save again, since old and new ones are mixed`, {
      cause,
    });
  }
  for (const folder of new Set(written.map(({ target }) => folderOf(target)))) await syncFolder(folder);
}

/** A file that is on the disk under another name. */
interface Written {
  readonly temporary: string;
  readonly target: string;
}

async function writtenAside(path: FilePath, parts: readonly Uint8Array[]): Promise<Written> {
  const { open, rm } = await files();
  const target = await targetOf(await pathOf(path));
  const old = await existing(target);
  const temporary = `${target}.${randomName()}.tmp`;
  const file = await open(temporary, 'wx', old ? 0o600 : 0o666);
  try {
    try {
      for (const part of parts) await writeWhole(file, part);
      if (old) await keepMode(file, old);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  return { temporary, target };
}

async function pathOf(path: FilePath): Promise<string> {
  if (typeof path === 'string' && !/^file:/i.test(path)) return path;
  const { fileURLToPath } = await urls();
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw new TypeError(`files: path must be a name or a file: URL, got ${String(path)}`, { cause });
  }
}

/** The destination of the bytes: the end of a chain of links, which need not exist yet. */
async function targetOf(path: string): Promise<string> {
  const { realpath, readlink } = await files();
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const link = await readlink(path).catch(() => undefined);
  if (link === undefined) return path;
  return targetOf(/^([/\\]|\w:)/.test(link) ? link : `${folderOf(path)}${link}`);
}

/** The file to replace, if there is one. */
async function existing(path: string): Promise<Stats | undefined> {
  const { stat } = await files();
  const found = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found && !found.isFile())
    throw new Error(`files: path must be a file's, got ${found.isDirectory() ? 'a folder' : 'a device'} at ${path}`);
  return found;
}

async function keepMode(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  await file.chown(uid, gid).catch(() => undefined); // not everybody may do this
  await file.chmod(mode & 0o7777);
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(CALL, bytes.length - done));
    done += bytesWritten;
  }
}

/** Makes a rename durable; systems that cannot flush a folder (Windows) keep it in their journal. */
async function syncFolder(path: string): Promise<void> {
  const { open } = await files();
  const folder = await open(path || '.', 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close().catch(() => undefined);
}

function folderOf(path: string): string {
  return path.slice(0, path.search(/[^/\\]*$/));
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
