// `npm run example -- NAME`: installs and builds what is missing, then runs an example in the terminal or serves its page.
import { existsSync, readdirSync } from 'node:fs';
import './bootstrap.mjs';

const [name = '', ...rest] = process.argv.slice(2);
const pages = readdirSync('examples').filter(
  (folder) => existsSync(`examples/${folder}/index.html`) && existsSync(`examples/${folder}/main.ts`),
);
const programs = readdirSync('examples').filter(
  (folder) => existsSync(`build/examples/${folder}/main.js`) && !pages.includes(folder) && folder !== 'runner',
);

if (pages.includes(name)) {
  const { createServer } = await import('vite');
  const { config } = await import('../examples/shared/pages/config.mjs');
  const server = await createServer(config(name));
  await server.listen();
  server.printUrls();
} else if (programs.includes(name)) {
  process.argv = [process.argv[0] ?? 'node', `example:${name}`, ...rest]; // in this process, so that Ctrl-C and the exit code are the program's own
  await import(`../build/examples/${name}/main.js`);
} else {
  console.error(`npm run example -- NAME\nin the terminal: ${programs.join(', ')}\na page: ${pages.join(', ')}`);
  process.exitCode = 1;
}
