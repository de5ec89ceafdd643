import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, files, findings, read, root, withoutComments } from './source.ts';

const sources = files('src', '.ts');
const above = sources.filter((path) => !path.startsWith('src/runtime/reference/'));

describe('kernels', () => {
  it('are called by ops, by the tape’s own three, and by the optimisers', () => {
    const may = /^src\/(ops\/|runtime\/|autograd\/arithmetic\.ts|train\/)/;
    const others = sources.filter((path) => !may.test(path));
    expect(others.flatMap((path) => findings(path, codeOf(read(path)), /\bkernels\.\w+/g))).toEqual([]);
  });
});

describe('numbers', () => {
  // Engines differ in the last bit of these; the kernels have their own. `import { log } from …` is no Math.
  const math =
    /\bMath\s*(?:\.\s*(?!(?:abs|ceil|clz32|floor|fround|imul|max|min|round|sign|sqrt|trunc|PI|E|LN2|LN10|LOG2E|LOG10E|SQRT2|SQRT1_2)\b)\w+|\[)|=\s*Math\s*;/g;
  const power = /\*\*=?(?!\s*-?\d+\b(?!\.))[^;\n]*/g;

  it('come from what every engine computes alike', () => {
    expect('Math.exp(x) + Math["sin"](x); const { cos } = Math; Math.random()'.match(math)).toHaveLength(4);
    expect('Math.floor(x) + Math.PI'.match(math)).toBeNull();
    expect(['x ** y', 'x ** 0.5', 'x **= y', '2 ** (a + 1)'].every((text) => text.match(power))).toBe(true);
    expect('2 ** 28 + 2 ** -3'.match(power)).toBeNull();
    expect(above.flatMap((path) => [...findings(path, codeOf(read(path)), math), ...findings(path, codeOf(read(path)), power)])).toEqual(
      [],
    );
  });
});

describe('exports', () => {
  it('have a doc comment', () => {
    const exported = /(?:^|\n)export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type) (\w+)/g;
    const bare = sources.flatMap((path) => {
      const text = read(path);
      return [...text.matchAll(exported)]
        .filter((match, i, all) => all[i - 1]?.[1] !== match[1]) // overloads share the first one's
        .filter((match) => !/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.test(text.slice(0, match.index)))
        .map((match) => `${path}: ${match[1]}`);
    });
    expect(bare).toEqual([]);
  });

  it('of a room have one at each property of an interface', () => {
    const contents = sources.filter((path) => /^src\/(?:\w+\/)?index\.ts$/.test(path));
    const exported = contents.flatMap((path) =>
      [...read(path).matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)].flatMap(([, names = '', from = '']) =>
        (names.match(/\w+/g) ?? []).map((name) => `${join(path, '..', from)}: ${name}`),
      ),
    );
    const known = new Set(exported);
    const interfaces = sources.flatMap((path) =>
      [...read(path).matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)].map(([, name, body = '']) => ({
        at: `${path}: ${name}`,
        body,
      })),
    );
    const asked = interfaces.filter(({ at }) => known.has(at));
    expect(asked.length).toBeGreaterThan(300);
    const bare = asked.flatMap(({ at, body }) => {
      const lines = body.split('\n');
      const without = lines.filter((line, i) => /^ {2}(?:readonly )?\w+\??[:(<]/.test(line) && !lines[i - 1]?.endsWith('*/'));
      return without.map((line) => `${at}: ${line.trim()}`);
    });
    expect(bare).toEqual([]);
  });
});

describe('files', () => {
  /** Longer than 300 lines, and why. */
  const long: Record<string, string> = {};

  it('stay under 300 lines or say why', () => {
    const all = ['src', 'assembly', 'test', 'bench', 'examples', 'scripts', 'packages'].flatMap((folder) => files(folder, '.ts', '.mjs'));
    const over = all.filter((path) => read(path).trimEnd().split('\n').length > 300);
    expect(over.filter((path) => !long[path])).toEqual([]);
    expect(
      Object.keys(long).filter((path) => !over.includes(path)),
      'reasons no longer needed',
    ).toEqual([]);
  });

  const tracked = existsSync(join(root, '.git'))
    ? execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
    : ['src', 'assembly', 'test', 'bench', 'examples', 'scripts', 'docs', 'packages'].flatMap((folder) =>
        files(folder, '.ts', '.mjs', '.md'),
      );

  it('hold no path of a machine and no note to come back', () => {
    const note = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].map((word) => `\\b${word}\\b`).join('|'), 'g');
    const path = /(?<![\w.:/~])\/(?:home|Users|work|root)\/[\w.-]+/g;
    const texts = tracked.filter(
      (name) =>
        /\.(ts|mjs|js|json|md|py|yml)$|run$/.test(name) &&
        name !== 'package-lock.json' &&
        existsSync(join(root, name)) &&
        !name.includes('fixtures/'),
    );
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.flatMap((name) => [...findings(name, read(name), note), ...findings(name, read(name), path)])).toEqual([]);
  });

  it('that are generated or installed are not tracked', () => {
    expect(tracked.filter((name) => /^(node_modules|build|dist|out)(\/|$)|(^|\/)generated\/|\.(wasm|wat|tgz)$/.test(name))).toEqual([]);
  });
});

describe('errors', () => {
  it('say `name: rule, got …` or `name: what happened; what to do`', () => {
    // The whole argument, since a message may be put together; a name computed where it is thrown counts as one.
    const made = /\bnew \w*Error\(([\s\S]*?)\);/g;
    const form = /^\s*[`'](?:[\w. ]|\$\{[\w.]+\})+: [\s\S]+(?:, got|;) [\s\S]+/;
    expect(["'add: operands must agree, got x'", "'init: the engine has no SIMD; use a newer one'"].every((text) => form.test(text))).toBe(
      true,
    );
    expect(['went wrong', 'add: went wrong', 'went wrong, got x'].some((text) => form.test(`'${text}'`))).toBe(false);
    const messages = sources.flatMap((path) =>
      [...withoutComments(read(path)).matchAll(made)].map((match) => [path, match[1] as string] as const),
    );
    expect(messages.length).toBeGreaterThan(50);
    expect(messages.filter(([, text]) => !form.test(text)).map(([path, text]) => `${path}: ${text}`)).toEqual([]);
  });
});
