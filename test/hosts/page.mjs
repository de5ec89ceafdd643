// examples/page, built and served as files: a word is typed; a model trains live, pauses and continues; in Chromium and Firefox.
import { join } from 'node:path';
import { browser, serve, strict } from './browser.mjs';
import { folderOf, root, tool } from './project.mjs';
import { tinyModel } from './tiny.mjs';

const expect = (what, holds, got) => {
  if (!holds) throw new Error(`page: ${what}, got ${JSON.stringify(got)}`);
};

async function built(project, name, model) {
  const outDir = folderOf(project, name);
  process.env.SACCADE_MODEL = model;
  const { build } = await tool('vite');
  await build({ configFile: join(root, 'examples/page/vite.config.mjs'), logLevel: 'error', build: { outDir } });
  return serve(outDir, strict);
}

/** Opens a page and records its errors. */
async function visit(engine, url, options = {}) {
  const page = await (await browser(engine)).newPage(options);
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/404/.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  await page.locator('#train:not(:disabled)').waitFor();
  return { page, errors };
}

const steps = async (page) => Number((await page.locator('#step').textContent()).replaceAll(',', ''));

/** Saves a model in training as a file, and opens it again. */
async function savesAndOpens(page) {
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  const before = await page.locator('#said').textContent();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the model' }).click()]);
  const path = await download.path();
  await page.locator('#file').setInputFiles(path);
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor(); // 'Start' alone would match 'Start over' too, which appears earlier
  await page.waitForFunction((text) => document.querySelector('#said').textContent === text, before, { timeout: 60_000 });
  await page
    .locator('#file')
    .setInputFiles({ name: 'torn.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from('torn') });
  await page.waitForFunction(() => /got/.test(document.querySelector('#hint').textContent), null, { timeout: 60_000 });
  await page.reload();
  await page.getByText('This model knows nothing yet').waitFor(); // an opened model is kept only in its own file
}

async function learns(engine, url) {
  const { page, errors } = await visit(engine, url);
  await page.getByText('This model knows nothing yet').waitFor();
  await page.getByRole('button', { name: 'Start' }).press('Enter');
  await page.getByRole('button', { name: 'Pause' }).waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => Number(document.querySelector('#step').textContent) >= 5, null, { timeout: 60_000 });
  const loss = Number(await page.locator('#loss').textContent());
  expect('the loss must be a number near that of guessing', loss > 1 && loss < 5, loss);
  expect('the curve must be drawn', (await page.locator('#curve .loss').count()) === 1, 'none');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  const paused = await steps(page);
  await page.waitForTimeout(700);
  expect('a pause must hold', (await steps(page)) === paused, await steps(page));
  await page.reload();
  await page.getByRole('button', { name: 'Resume' }).waitFor({ timeout: 60_000 });
  expect('a reload must keep what was learnt', (await steps(page)) === paused, await steps(page));
  expect('and the curve', (await page.locator('#curve .loss').count()) === 1, 'none');
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.waitForFunction((from) => Number(document.querySelector('#step').textContent) > from, paused, { timeout: 60_000 });
  if (engine === 'chromium') await savesAndOpens(page); // Firefox's driver does not report downloads
  expect('there must be no error', errors.length === 0, errors);
  await page.close();
}

async function reads(engine, url) {
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [360, 'dark'],
  ]) {
    const { page, errors } = await visit(engine, url, { viewport: { width, height: 800 }, colorScheme });
    await page.getByLabel('Type an English word').fill('attack');
    await page.getByRole('group', { name: 'Where each sound of attack looks' }).waitFor();
    const said = await page.locator('#said').textContent();
    expect('a learnt word must be said', said === '/ ʌ t æ k /', said);
    const sounds = page.locator('.sound');
    expect(
      'each sound must be drawn',
      (await sounds.count()) === 4 && (await page.locator('.alignment path').count()) >= 4,
      await sounds.count(),
    );
    const label = await sounds.first().getAttribute('aria-label');
    expect('each sound must say where it looks', /^ʌ, looks at [atck], \d+ %$/.test(label), label);
    await page.locator('.sound').first().focus();
    await page.keyboard.press('ArrowRight');
    const focused = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    expect('the arrows must go from sound to sound', focused === (await sounds.nth(1).getAttribute('aria-label')), focused);
    expect('sounds must be one tab stop', (await page.locator('.sound[tabindex="0"]').count()) === 1, await sounds.count());
    await page.getByLabel('Type an English word').fill('Tä-t');
    await page.getByText('Read as “tat”.').waitFor();
    await page.getByRole('group', { name: 'Where each sound of tat looks' }).waitFor();
    await page.getByLabel('Type an English word').fill('c3');
    await page.getByText('“3” is none of them. Read as “c”.').waitFor();
    await page.getByRole('group', { name: 'Where each sound of c looks' }).waitFor();
    await page.getByLabel('Type an English word').fill('3');
    await page.waitForFunction(
      () => document.querySelector('#alignment').childElementCount === 0 && document.querySelector('#said').textContent === '',
    );
    await page.getByRole('button', { name: 'through' }).click();
    await page.getByRole('group', { name: 'Where each sound of through looks' }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect('nothing may stick out', wide <= width, wide);
    expect('there must be no error', errors.length === 0, errors);
    await page.close();
  }
}

export const page = (engine) => async (project) => {
  const model = join(project.folder, 'page-model.safetensors');
  await tinyModel(model);
  const sites = [await built(project, 'page-taught', model), await built(project, 'page-bare', join(project.folder, 'none'))];
  try {
    await reads(engine, sites[0].url);
    await learns(engine, sites[1].url);
  } finally {
    for (const site of sites) site.close();
  }
  return 'reads words, learns, pauses, goes on; narrow and wide; strict CSP';
};
