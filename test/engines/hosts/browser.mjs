import { dirname } from 'node:path';
import { serve } from '../../browser/serve.mjs';
import { program } from '../build.mjs';

/** The program as a page runs it, as text: what a test runner does to its own code must not reach the page. */
export const inPage = (/** @type {number | undefined} */ threads) =>
  `import('/program.mjs').then(({ run }) => run(${threads ? JSON.stringify({ threads }) : ''}))`;

/**
 * Runs the program in an isolated page.
 * @param {import('../../browser/chromium.mjs').Browser} browser
 * @param {number} [threads]
 * @returns {Promise<import('../program/main.ts').Result>}
 */
export async function runInBrowser(browser, threads) {
  const server = await serve(dirname(program));
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    return /** @type {never} */ (await page.evaluate(inPage(threads)));
  } finally {
    server.close();
  }
}
