// `npm run page` serves examples/page; `npm run page -- build` makes it static files in out/page.
import './bootstrap.mjs';

// Imported only now, when they are certain to exist.
const { Command } = await import('commander');
const { build, createServer } = await import('vite');

const configFile = 'examples/page/vite.config.mjs';
const program = new Command('npm run page --')
  .description('Serves the page where a word is typed and read and a model learns, with the model that `npm start` saved.')
  .option('--host [address]', 'other machines may look, too')
  .option('--port <number>', 'where it listens', Number)
  .option('--open', 'opens it in a browser')
  .showHelpAfterError('(see npm run page -- --help)')
  .action(async ({ host, port, open }) => {
    const server = await createServer({ configFile, server: { ...(host && { host }), ...(port && { port }), ...(open && { open }) } });
    await server.listen();
    server.printUrls();
  });
program
  .command('build')
  .description('makes it static files in out/page')
  .action(async () => {
    await build({ configFile });
  });
await program.parseAsync();
