// `node docs/site/look.mjs`: the built site in Chromium, from files, as a reader has it offline: guides and some of the API, on a desk and on a
// phone, light and dark, by keyboard. `✓` or `✗` a page, with what stands on the console, overflows, or is out of order.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { args, playwright } from '../../test/browser/chromium.mjs';

const site = fileURLToPath(new URL('../../build/site', import.meta.url));
const executablePath = '/usr/bin/chromium'; // that of the tests has no text fields
if (!existsSync(executablePath)) {
  console.log('– site: needs apt-get install -y chromium');
  process.exit(1);
}
const api = [
  'classes/saccade_attention.Attention',
  'functions/saccade_ops.scaledDotProductAttention',
  'interfaces/saccade_train.TrainOptions',
];
const pages = [
  'index.html',
  ...readdirSync(join(site, 'documents')).map((name) => `documents/${name}`),
  ...readdirSync(join(site, 'modules')).map((name) => `modules/${name}`),
  ...api.map((name) => `${name}.html`),
];
const looks = /** @type {const} */ ([
  { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
]);

/** In the page: what is wrong with it, as sentences. */
const faults = `(() => {
  const faults = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) faults.push('is ' + scrollWidth + ' wide on ' + innerWidth);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((h) => Number(h.ariaLevel ?? h.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) faults.push('must have one first heading');
  levels.forEach((level, i) => level > (levels[i - 1] ?? 0) + 1 && faults.push('heading ' + i + ' leaves a level out'));
  for (const image of document.images) if (image.complete && image.naturalWidth === 0) faults.push('lacks ' + image.src);
  for (const math of document.querySelectorAll('math')) if (math.querySelector('merror')) faults.push('has a wrong formula: ' + math.textContent);
  return faults;
})()`;

const browser = await playwright().chromium.launch({ executablePath, args });
let failed = 0;

/** @param {string} what @param {string[]} found */
function say(what, found) {
  if (found.length > 0) failed++;
  console.log(`${found.length > 0 ? '✗' : '✓'} site: ${what}${found.map((fault) => `\n  ${fault}`).join('')}`);
}

/** A page with what it says on the console. @param {object} look */
async function opened(look) {
  const page = await (await browser.newContext(look)).newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (/** @type {Error} */ error) => errors.push(error.message));
  page.on('console', (/** @type {{ text(): string }} */ message) => errors.push(message.text()));
  return { page, errors };
}

const views = await Promise.all(looks.map(opened));
for (const path of pages) {
  /** @type {string[]} */
  const found = [];
  for (const { page, errors } of views) {
    errors.length = 0;
    await page.goto(pathToFileURL(join(site, path)).href);
    found.push(...(await page.evaluate(faults)), ...errors);
  }
  say(path, found);
}

// Search by keyboard alone: / opens it, arrows choose, Enter goes there.
const [{ page, errors }] = /** @type {[{ page: any, errors: string[] }]} */ (/** @type {unknown} */ (views));
errors.length = 0;
await page.goto(pathToFileURL(join(site, 'index.html')).href);
await page.keyboard.press('/');
await page.waitForSelector('#tsd-search[open]', { timeout: 10_000 }).catch(() => errors.push('search must open, got nothing'));
for (let i = 0; i < 30 && (await page.evaluate('document.activeElement.id')) !== 'tsd-search-input'; i++) {
  await page.waitForTimeout(100); // it opens slowly
  await page.keyboard.press('Tab');
}
await page.keyboard.type('localMonotonic');
await page
  .waitForSelector('#tsd-search-results li a', { timeout: 10_000 })
  .catch(() => errors.push('search must find localMonotonic, got nothing'));
await page.keyboard.press('ArrowDown');
await page.keyboard.press('Enter');
await page
  .waitForURL(/localMonotonic/, { timeout: 10_000 })
  .catch(() => errors.push(`search must lead to localMonotonic, got ${page.url()}`));
say('search, by keyboard', errors);

await browser.close();
process.exit(failed > 0 ? 1 : 0);
