// A project as a user has it: the packed package, installed in a separate folder beside the program.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '../..');

/** Something that a row needs and this machine lacks, with the line that installs it. */
export class Missing extends Error {}

/** A package of this folder's own package.json. */
export async function tool(name) {
  return import(pathToFileURL(toolPath(name)).href);
}

/** The path of a package's main file, or of a file of a package. */
export function toolPath(name) {
  try {
    const direct = join(here, 'node_modules', name);
    if (/\/(bin|deno)(\/|$)|\.js$/.test(name) && existsSync(direct)) return direct;
    return createRequire(join(here, 'run.mjs')).resolve(name);
  } catch {
    throw new Missing('npm ci --prefix test/hosts');
  }
}

const quiet = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };

/** Packs and installs; gives the folder, the tarball and the files in it. */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-hosts-'));
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { ...quiet, cwd: root });
  const [{ filename, files, size }] = JSON.parse(packed);
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`], { ...quiet, cwd: folder });
  cpSync(join(here, 'program'), folder, { recursive: true });
  cpSync(join(folder, 'node_modules/saccade/dist/saccade.wasm'), join(folder, 'saccade.wasm'));
  return { folder, tarball: join(folder, filename), files: files.map(({ path }) => path), size };
}

/** A new folder inside the project. */
export function folderOf(project, name) {
  const folder = join(project.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What pages fetch besides their scripts. */
export function addFiles(project, folder) {
  for (const name of ['model.safetensors', 'saccade.wasm']) cpSync(join(project.folder, name), join(folder, name));
  for (const name of readdirSync(project.folder)) if (name.endsWith('.html')) cpSync(join(project.folder, name), join(folder, name));
}
