// The Chromium that `npm test` runs in: shipped as an npm package for Linux on x86-64, elsewhere the Chrome that is installed.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const folder = fileURLToPath(new URL('.', import.meta.url));
export const bundled = process.platform === 'linux' && process.arch === 'x64';
export const unpacked = join(folder, 'node_modules/.chromium');

/** @typedef {(message: { type(): string, text(): string }) => void} OnConsole */
/**
 * What tests use of playwright's page.
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} goto
 * @property {(expression: string) => Promise<unknown>} evaluate text, since test runners rewrite functions
 * @property {(event: 'console' | 'pageerror', then: (what: never) => void) => void} on
 * @property {(options: { path: string, fullPage?: boolean }) => Promise<unknown>} screenshot
 */
/**
 * What tests use of playwright's browser.
 * @typedef {object} Browser
 * @property {() => Promise<Page>} newPage
 * @property {() => string} version
 * @property {() => Promise<void>} close
 */

// The package's own arguments break cross-origin isolation.
export const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** playwright-core, of this folder's own package; its types are not needed to check the repository. */
export function playwright() {
  const from = join(folder, 'node_modules/playwright-core/package.json');
  if (!existsSync(from)) throw new Error('browser: playwright-core must be installed, got none (node test/browser/install.mjs)');
  return createRequire(from)('playwright-core');
}

/**
 * Starts Chromium; `npm test` has installed it, `node test/browser/install.mjs` does.
 * @returns {Promise<Browser>}
 */
export async function launchChromium() {
  const { chromium } = playwright();
  if (!bundled) return chromium.launch({ channel: 'chrome', args });
  if (!existsSync(unpacked)) throw new Error('browser: Chromium must be unpacked, got none (node test/browser/install.mjs)');
  const env = { ...process.env, LD_LIBRARY_PATH: join(unpacked, 'al2023/lib'), FONTCONFIG_PATH: join(unpacked, 'fonts') };
  return chromium.launch({ executablePath: join(unpacked, 'chromium'), args, env });
}
