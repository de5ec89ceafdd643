// The engines, how each is started, and how a missing one is installed.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium, args as plain, playwright, unpacked } from '../browser/chromium.mjs';
import { runInBrowser } from './hosts/browser.mjs';
import { runInShell } from './hosts/shell.mjs';
import { runInWebKit } from './hosts/webkit.mjs';
import { runInWorkerd } from './hosts/workerd.mjs';

/** @typedef {import('./program/main.ts').Result} Result */
/**
 * @typedef {object} Row
 * @property {string} name
 * @property {readonly string[]} needs files without which it cannot run
 * @property {string} install the line that brings them
 * @property {readonly (number | undefined)[]} threads what `init` is asked for; undefined asks for nothing
 * @property {() => string | Promise<string>} version
 * @property {(threads: number | undefined) => Promise<Result>} run
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = join(here, 'node_modules');
const arm64 = join(here, 'arm64/node_modules');

const npm = 'npm ci --no-audit --no-fund --prefix test/engines';
const npmArm64 = 'npm ci --no-audit --no-fund --prefix test/engines/arm64 --force --os=linux --cpu=arm64';
const browser = 'node test/browser/install.mjs';
const apt = (/** @type {string} */ packages) => `apt-get install -y --no-install-recommends ${packages}`;

const alone = [undefined];
const several = [undefined, 2, 3, 4, 8];

/** The version number that a command prints with `--version`. */
const versionOf = (/** @type {string} */ file, /** @type {string[]} */ args = ['--version']) =>
  /\d[\w.-]+/.exec(execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[0] ?? '';

/** The version of Debian's package, for engines that do not print one. */
const packaged = (/** @type {string} */ name) =>
  execFileSync('dpkg-query', ['-W', name], { encoding: 'utf8' }).split('\t')[1]?.replace(/-.*\n/, '') ?? '';

/** @param {string} name @param {string[]} command @param {Partial<Row>} more @returns {Row} */
const shell = (name, command, more) => {
  const [file = '', ...args] = command;
  return {
    name,
    needs: [file],
    install: npm,
    threads: several,
    version: () => versionOf(file),
    run: (threads) => runInShell([file, ...args], threads),
    ...more,
  };
};

/** @param {string} name @param {Pick<Row, 'needs' | 'install'>} where @param {() => Promise<import('../browser/chromium.mjs').Browser>} launch @returns {Row} */
const page = (name, where, launch) => {
  /** @template T @param {(browser: import('../browser/chromium.mjs').Browser) => T | Promise<T>} use */
  const opened = async (use) => {
    const started = await launch();
    try {
      return await use(started);
    } finally {
      await started.close();
    }
  };
  return {
    name,
    ...where,
    threads: several,
    version: () => opened((started) => started.version()),
    run: (threads) => opened((started) => runInBrowser(started, threads)),
  };
};

const node = (/** @type {number} */ major) => join(modules, `node${major}/bin/node`);
const flagged = (/** @type {string[]} */ ...flags) => shell(`Node 22 ${flags.join(' ')}`, [node(22), ...flags], {});

const qemu = '/usr/bin/qemu-aarch64-static';
const libraries = '/usr/aarch64-linux-gnu';
/** @param {string} name @param {string} file */
const emulated = (name, file) =>
  shell(`${name} on aarch64 (qemu)`, [qemu, '-L', libraries, join(arm64, file)], {
    needs: [qemu, `${libraries}/lib/libatomic.so.1`, join(arm64, file)],
    install: `${apt('qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross libgcc-s1-arm64-cross')} && ${npmArm64}`,
    version: () => versionOf(qemu, ['-L', libraries, join(arm64, file), '--version']),
  });

const workerd = join(modules, '@cloudflare/workerd-linux-64/bin/workerd');
const webkitDriver = '/usr/bin/WebKitWebDriver';
const miniBrowser = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** @type {Row[]} */
export const rows = [
  shell('Node 20', [node(20)], {}),
  shell('Node 22', [node(22)], {}),
  shell('Node 24', [node(24)], {}),
  shell('Node 26', [node(26)], {
    needs: [node(26), '/usr/lib/x86_64-linux-gnu/libatomic.so.1'],
    install: `${apt('libatomic1')} && ${npm}`,
  }),
  flagged('--liftoff-only'),
  flagged('--no-liftoff'),
  flagged('--no-enable-avx', '--no-enable-fma3'),
  shell('Bun', [join(modules, '@oven/bun-linux-x64/bin/bun')], {}),
  shell('Deno', [join(modules, '@deno/linux-x64-glibc/deno'), 'run', '--no-config', '--cached-only', '--allow-read'], {}),
  {
    name: 'workerd',
    needs: [workerd],
    install: npm,
    threads: alone,
    version: () => versionOf(workerd),
    run: () => runInWorkerd(workerd),
  },
  page('Chromium (npm)', { needs: [unpacked], install: browser }, launchChromium),
  page("Chromium (Debian's)", { needs: ['/usr/bin/chromium'], install: `${browser} && ${apt('chromium')}` }, () =>
    playwright().chromium.launch({ executablePath: '/usr/bin/chromium', args: plain }),
  ),
  page('Firefox ESR', { needs: ['/usr/bin/firefox-esr'], install: `${browser} && ${apt('firefox-esr')}` }, () =>
    playwright().firefox.launch({ channel: 'moz-firefox', executablePath: '/usr/bin/firefox-esr' }),
  ),
  {
    name: 'WebKitGTK',
    needs: [webkitDriver, miniBrowser, '/usr/bin/xvfb-run', '/usr/bin/xauth'],
    install: apt('webkit2gtk-driver xvfb xauth'),
    threads: several,
    version: () => packaged('webkit2gtk-driver'),
    run: (threads) => runInWebKit(webkitDriver, miniBrowser, threads),
  },
  shell('jsc shell', ['/usr/bin/jsc', '-m'], {
    threads: alone,
    install: apt('libjavascriptcoregtk-4.0-bin'),
    version: () => packaged('libjavascriptcoregtk-4.0-bin'),
  }),
  emulated('Node 22', 'node22/bin/node'),
  emulated('Bun', '@oven/bun-linux-aarch64/bin/bun'),
];

/** The files that a row lacks on this machine. */
export const missing = (/** @type {Row} */ row) => row.needs.filter((file) => !existsSync(file));
