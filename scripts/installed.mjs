import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether the packages installed in a folder match its lockfile (except optional packages of other platforms).
 * @param {string} folder
 */
export function installed(folder) {
  const record = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  /** @type {(file: string) => Record<string, { version?: string; optional?: boolean }>} */
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const have = packages(record);
  return Object.entries(packages(join(folder, 'package-lock.json'))).every(
    ([path, wanted]) => path === '' || wanted.version === have[path]?.version || (wanted.optional && !have[path]),
  );
}
