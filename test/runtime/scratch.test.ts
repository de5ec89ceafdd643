import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { products, withScratch } from '../../src/runtime/room.ts';
import { memoryReport } from '../../src/runtime/storage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the compiler says of the package with one more kernel in the generated table. */
function compiled(signature: string): string {
  const place = mkdtempSync(join(tmpdir(), 'scratch-'));
  try {
    cpSync(join(root, 'src/runtime'), place, { recursive: true, filter: (path) => !path.includes('reference') });
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    const table = join(place, 'generated/parameters.ts');
    writeFileSync(table, readFileSync(table, 'utf8').replace('} as const', `  another: [${signature}],\n} as const`));
    writeFileSync(join(place, 'package.json'), '{ "type": "module" }');
    const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
    writeFileSync(
      join(place, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] }, files: ['scratch.ts'] }),
    );
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', place], { encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe('a kernel with scratch', () => {
  it('does not compile without a formula, whatever its scratch is called', () => {
    expect(compiled("'out', 'x', 'n'")).toBe('');
    for (const name of ['scratch', 'workspace', 'rowScratch']) {
      expect(compiled(`'out', 'x', 'n', '${name}'`)).toMatch(/scratch\.ts.*another.*is missing/s);
    }
  });
});

describe('withScratch', () => {
  it('frees what it took, after an error too', () => {
    const { blocks } = memoryReport();
    let at = 0;
    const fail = (scratch: number) => {
      at = scratch;
      expect(memoryReport().blocks).toBe(blocks + 1);
      throw new Error('within');
    };
    expect(() => withScratch(products, 'matmul', { m: 3, n: 4, k: 5 }, fail)).toThrow('within');
    expect(at).toBeGreaterThan(0);
    expect(memoryReport().blocks).toBe(blocks);
  });
});
