// Prints a program as code that can be pasted.
import { type Leaf, type Program, Seed, type Slot, type Step, slotsIn } from './program.ts';

const name = (slot: Slot) => `x${slot.id}`;

function show(value: unknown): string {
  if (value instanceof Seed) return `S.key(${value.seed})`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if ('nodes' in value) return name(value as Slot);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  const entries = Object.entries(value).map(([key, each]) => `${key}: ${show(each)}`);
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
}

function leaf({ slot, values, trainable }: Leaf): string {
  const list = `[${values.join(', ')}]`;
  const typed = slot.dtype === 'float32' ? `new Float32Array(${list})` : `Int32Array.of(${values.join(', ')})`;
  const made = `S.tensor(${typed}, { shape: [${slot.shape.join(', ')}], dtype: '${slot.dtype}' })`;
  return `const ${name(slot)} = ${trainable ? `S.parameter(${made})` : made};`;
}

const withSeed = (seed: Slot | null, more: readonly string[] = []) => {
  const options = [...(seed ? [`gradient: ${name(seed)}`] : []), ...more];
  return options.length > 0 ? `, { ${options.join(', ')} }` : '';
};

function lines(step: Step): string[] {
  if (step.kind === 'call') {
    const { op, args, outs, form } = step;
    const called = `S.${op}(${args.map(show).join(', ')});`;
    if (slotsIn(args).includes(outs[0] as Slot)) return [`${called} // is ${name(outs[0] as Slot)} itself`];
    const names = outs.map(name);
    const to =
      form === 'one'
        ? names[0]
        : form === 'list'
          ? `[${names.join(', ')}]`
          : `{ ${form.map((key, i) => `${key}: ${names[i]}`).join(', ')} }`;
    return [`const ${to} = ${called}`];
  }
  if (step.kind === 'backward')
    return [
      `S.backward(${name(step.y)}${withSeed(step.seed)}); // ${step.expected.map(([{ slot }, nodes]) => `${name(slot)}.grad [${nodes.map(({ value }) => +value.toPrecision(6)).join(', ')}]`).join(', ')}`,
    ];
  if (step.kind === 'grad') {
    const options = withSeed(step.seed, step.createGraph ? ['createGraph: true'] : []);
    return [`const [${step.outs.map(name).join(', ')}] = S.grad(${name(step.y)}, [${step.xs.map(name).join(', ')}]${options});`];
  }
  if (step.kind === 'optimise') return [`new S.${step.optimiser}([${step.leaves.map(name).join(', ')}], { lr: ${step.lr} }).step();`];
  const { block, inputs, locals, body, result, out } = step;
  const inside = [...body.flatMap(lines), `return ${name(result)};`].map((line) => `  ${line}`);
  if (block === 'checkpoint')
    return [`const ${name(out)} = S.checkpoint((${locals.map(name).join(', ')}) => {`, ...inside, `}, [${inputs.map(name).join(', ')}]);`];
  return block === 'noGrad'
    ? [`const ${name(out)} = S.noGrad(() => {`, ...inside, '});']
    : [`const ${name(out)} = S.detach(S.scope(() => {`, ...inside, '}));'];
}

/** The calls of the package; rounds are scopes. */
export function code({ leaves, rounds }: Program): string {
  const scopes = rounds
    .filter((steps) => steps.length > 0)
    .flatMap((steps) => ['S.scope(() => {', ...steps.flatMap(lines).map((line) => `  ${line}`), '});']);
  const text = [...leaves.map(leaf), ...scopes].join('\n');
  const used = (line: string) => {
    const [, id] = /^const (x\d+) = /.exec(line) ?? [];
    return !id || text.split(new RegExp(`\\b${id}\\b`)).length > 2;
  };
  return [...leaves.map(leaf).filter(used), ...scopes].join('\n');
}
