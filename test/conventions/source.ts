// The repository as the conventions read it: files, and code without comments or strings.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const skipped = new Set(['node_modules', 'generated', 'fixtures']);

/** Files below `folder` (relative to the root, with forward slashes) that end in one of `endings`. */
export function files(folder: string, ...endings: string[]): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.split('/').some((part) => skipped.has(part)))
    .sort();
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** The text with comments blanked and line breaks kept. */
export const withoutComments = (text: string): string =>
  text.replace(token, (match) => (match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match));

/** The text with comments and plain strings blanked; template strings stay, since they contain code. */
export const codeOf = (text: string): string =>
  text.replace(token, (match) => (match.startsWith('`') ? match : match.replace(/[^\n]/g, ' ')));

/** Each match as `path:line: text`. */
export function findings(path: string, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => `${path}:${text.slice(0, match.index).split('\n').length}: ${match[0].trim()}`);
}

/** The specifiers that a module imports or re-exports, as written. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...code.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}
