// `npm start`: installs and builds what is missing, then runs the example with the arguments given.
import { existsSync } from 'node:fs';
import './bootstrap.mjs';

const program = 'build/examples/recipes/pronounce/main.js';
if (!existsSync(program)) {
  console.error(`start: the example must be built, got no ${program}`);
  process.exit(1);
}
// In this process, so that Ctrl-C and the exit code are the program's own.
process.argv[1] = program;
await import(`../${program}`);
