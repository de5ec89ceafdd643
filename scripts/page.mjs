// `npm run page` serves examples/page; `npm run page -- build` makes it static files in out/page.
import { build, createServer } from 'vite';
import './bootstrap.mjs';

const configFile = 'examples/page/vite.config.mjs';
if (process.argv[2] === 'build') await build({ configFile });
else {
  const server = await createServer({ configFile });
  await server.listen();
  server.printUrls();
}
