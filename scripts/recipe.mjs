// `npm run recipe -- NAME`: installs and builds what is missing, then runs the recipe.
import './bootstrap.mjs';

const program = 'build/examples/runner/main.js';
// In this process, so that Ctrl-C and the exit code are the program's own.
process.argv[1] = program;
await import(`../${program}`);
