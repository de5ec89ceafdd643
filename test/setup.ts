import { init } from '../src/runtime/init.ts';

await init();
