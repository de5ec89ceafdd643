import { dirname } from 'node:path';
import { serve } from '../../browser/serve.mjs';
import { program } from '../build.mjs';

/**
 * The argument of the program's `run`, as text: with threads, every call that can be cut is cut, however small.
 * @param {number} [threads]
 */
export const given = (threads) => (threads ? JSON.stringify({ threads, grain: 1 }) : '');

/**
 * The program in the form for a page, as text: the test runner's changes of its own code must not reach the page.
 * @param {number} [threads]
 */
export const inPage = (threads) => `import('/program.mjs').then(({ run }) => run(${given(threads)}))`;

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
