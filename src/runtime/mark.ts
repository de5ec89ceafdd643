import { table, version } from './generated/kernels.ts';

/** What a build computes: the same bits everywhere, or faster with fused multiply-add. */
export type Build = 'deterministic' | 'relaxed';

/** What a build of this very version says of itself; others may take other arguments or round otherwise. */
export const markOf = (build: Build): string => `${version} ${build} ${table}`;

/** What a module says of itself, in a custom section. */
export function markIn(module: WebAssembly.Module): string | undefined {
  const [section] = WebAssembly.Module.customSections(module, 'saccade');
  return section && new TextDecoder().decode(section);
}
