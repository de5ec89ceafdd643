import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, importsOf, read } from './source.ts';

/** What each room may import, besides itself. */
const below = ['runtime', 'tensor', 'autograd', 'ops', 'nn'];
const rooms: Record<string, readonly string[]> = {
  runtime: [],
  tensor: ['runtime'],
  autograd: ['runtime', 'tensor'],
  trees: ['tensor'],
  ops: ['runtime', 'tensor', 'autograd'],
  nn: ['runtime', 'tensor', 'autograd', 'ops'],
  attention: below,
  memory: [...below, 'attention'],
  decode: below,
  models: [...below, 'memory', 'attention', 'decode', 'trees'],
  train: below,
  data: below,
  tasks: [...below, 'trees'],
  metrics: [...below, 'trees'],
  io: below,
  stores: ['tensor'],
  remote: ['tensor'],
  plot: [...below, 'trees'],
  pretrained: [...below, 'memory', 'attention', 'decode', 'models', 'io'],
  onnx: below,
  layers: [...below, 'io'],
  fronts: [...below, 'attention', 'decode', 'models', 'train', 'data', 'io', 'metrics'],
};

/** Upward imports that stand for a stated reason. */
const allowed: Record<string, string> = {};

const sources = files('src', '.ts');
const graph = new Map(
  sources.map((path) => [path, importsOf(read(path)).map((to) => (to.startsWith('.') ? posix.join(posix.dirname(path), to) : to))]),
);
const roomOf = (path: string) => path.split('/')[1] as string;

/** A path from a module back to itself, or nothing. */
function cycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const to of edges.get(path) ?? []) {
      const found = visit(to, [...trail, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const found = visit(path, []);
    if (found) return found;
  }
  return undefined;
}

describe('imports', () => {
  it('are read from every form', () => {
    const text =
      "import a from './a.ts';\nexport * from './b.ts';\nimport {\n  type C,\n} from './c.ts';\nimport './d.ts';\nawait import('./e.ts');\n";
    expect(importsOf(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts']);
  });

  it('point down the table of rooms', () => {
    const breaches: string[] = [];
    for (const [from, imports] of graph) {
      const may = rooms[roomOf(from)];
      if (from.split('/').length === 2) continue; // the public names
      if (!may) breaches.push(`${from}: no such room`);
      for (const to of imports) {
        if (!to.startsWith('src/') || allowed[`${from} → ${to}`]) continue;
        if (roomOf(to) !== roomOf(from) && !may?.includes(roomOf(to))) breaches.push(`${from} → ${to}`);
      }
    }
    expect(breaches).toEqual([]);
  });

  it('have no cycle', () => {
    expect(cycle(new Map([['a', ['b']], ['b', ['a']]]))).toEqual(['a', 'b', 'a']); // biome-ignore format: a table
    expect(cycle(graph)).toBeUndefined();
    const modules = files('assembly', '.ts');
    expect(
      cycle(new Map(modules.map((path) => [path, importsOf(read(path)).map((to) => `${posix.join(posix.dirname(path), to)}.ts`)]))),
    ).toBeUndefined();
  });

  it('of other packages are node: alone', () => {
    const others = [...graph].flatMap(([from, imports]) => imports.filter((to) => !to.startsWith('src/')).map((to) => `${from} → ${to}`));
    expect(others.filter((edge) => !/ → node:[\w/]+$/.test(edge))).toEqual([]);
  });

  it('of examples and benches use the package by its name', () => {
    const users = [...files('examples', '.ts'), ...files('bench', '.ts')].filter((path) => !path.endsWith('.as.ts'));
    const breaches = users.flatMap((path) =>
      importsOf(read(path))
        .filter((to) => to.startsWith('.') && /^(src|dist|test|build)\//.test(posix.join(posix.dirname(path), to)))
        .map((to) => `${path} → ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  it('of assembly go simd → loops → kernels', () => {
    const order = ['simd', 'loops', 'kernels'];
    const breaches: string[] = [];
    for (const path of files('assembly', '.ts').filter((name) => name !== 'assembly/index.ts')) {
      for (const to of importsOf(read(path))) {
        const target = posix.join(posix.dirname(path), to);
        const rank = order.indexOf(target.split('/')[1] as string);
        if (!target.startsWith('assembly/') || rank < 0 || rank > order.indexOf(path.split('/')[1] as string))
          breaches.push(`${path} → ${target}`);
      }
    }
    expect(breaches).toEqual([]);
  });
});
