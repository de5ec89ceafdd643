import { table, version } from './generated/kernels.ts';

/** The two builds: the same bits everywhere, or faster with fused multiply-add. */
export type Build = 'deterministic' | 'relaxed';

/** The mark of a build of this version. Other versions may take other arguments or round differently. */
export const markOf = (build: Build): string => `${version} ${build} ${table}`;

/** Reads the mark of a module from its custom section. */
export function markIn(module: WebAssembly.Module): string | undefined {
  const [section] = WebAssembly.Module.customSections(module, 'saccade');
  return section && new TextDecoder().decode(section);
}
