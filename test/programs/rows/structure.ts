// What a program does between ops: blocks, gradients, optimiser steps.
import { scatter } from '../choices.ts';
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { map } from '../plain.ts';
import { type Block, type Leaf, type Slot, slotsIn } from '../program.ts';

const floats = (d: Draw) => d.visible.filter((x) => x.dtype === 'float32' && !x.poisoned);
/** What can be differentiated, latest first. */
const differentiable = (d: Draw) =>
  floats(d)
    .filter((x) => x.needs && x.nodes.some((each) => each.needs))
    .reverse();

/** The next few steps inside a block, which hands out the last of their results. */
function block(d: Draw, kind: Block, inputs: readonly Slot[] = []): void {
  const [outside, steps, recording] = [d.visible, d.steps, d.recording];
  d.visible = kind === 'checkpoint' ? d.leaves.map(({ slot }) => slot) : [...outside];
  const locals = inputs.map((x) => d.out(map(x, n.same), [x], { views: d.viewed([x]) })); // a view of one is a view of the leaf
  d.steps = [];
  d.recording = kind !== 'noGrad';
  d.take(1 + d.int(4));
  const body = d.steps;
  const made = body.flatMap((step) => (step.kind === 'call' ? step.outs : []));
  const result = made
    .filter((x) => x.dtype === 'float32' && !x.poisoned && (kind === 'checkpoint' || !(outside.includes(x) || d.isLeaf(x))))
    .at(-1);
  const leaves = d.leaves.map(({ slot }) => slot).filter((slot) => !outside.includes(slot));
  [d.visible, d.steps, d.recording] = [[...outside, ...leaves], steps, recording];
  d.need(result !== undefined);
  if (!result) return;
  const views = d.viewed([result]);
  // A checkpoint runs again as a whole: what it reads must be as it was, whether the result depends on it or not.
  const read = [result, ...inputs, ...body.flatMap((step) => (step.kind === 'call' ? slotsIn(step.args) : []))];
  const out =
    kind === 'checkpoint' ? d.out(map(result, n.same), read, { views, needs: result.needs }) : d.out(map(result, n.cut), [], { views });
  d.steps.push({ kind: 'block', block: kind, inputs, locals, body, result, out });
}

/** Whether it lies in the memory of what an optimiser may change. */
const changeable = (d: Draw, x: Slot) => d.viewed([x]).some(({ needs }) => needs);

/** Numbers to weigh a result with, that nothing is differentiated by. */
function seedFor(d: Draw, y: Slot): Slot {
  const found = floats(d).filter((x) => !x.needs && !changeable(d, x) && x.shape.join() === y.shape.join());
  const known = found[d.int(found.length + 2)];
  const seed = d.int(64);
  return (
    known ??
    d.leaf(
      y.shape,
      y.nodes.map((_, i) => (scatter(seed, i, 33) - 16) / 8),
      'float32',
    )
  );
}

/** Gradients by several arrays of numbers that are one tensor's, added up. */
const sumOf = (all: readonly (readonly n.Node[])[]) => (all[0] ?? []).map((_, i) => n.sum(all.map((each) => each[i] as n.Node)));

/** The gradient by each tensor; by a leaf, by all that its numbers have been. */
function gradients(d: Draw, y: Slot, seed: Slot | null, xs: readonly Slot[]): n.Node[][] {
  const numbers = xs.map((x) => d.leaves.find(({ slot }) => slot === x)?.generations ?? [x.nodes]);
  const all = d.gradients(y, seed, numbers.flat());
  return numbers.map((each) => sumOf(all.splice(0, each.length)));
}

const sound = (d: Draw, nodes: readonly n.Node[]) => {
  for (const { value, error } of nodes) d.need(Math.abs(value) < 1e6 && error < 1e3);
};

function backward(d: Draw, y: Slot, seed: Slot | null): void {
  const reached = d.leaves.filter(({ trainable, slot }) => trainable && (slot === y || y.uses.has(slot)));
  const all = gradients(
    d,
    y,
    seed,
    reached.map(({ slot }) => slot),
  );
  const expected = reached.map((leaf, i): [Leaf, n.Node[]] => {
    const own = all[i] as n.Node[];
    return [leaf, sumOf(leaf.gradient ? [leaf.gradient, own] : [own]).map(n.cut)];
  });
  for (const [, nodes] of expected) sound(d, nodes);
  for (const [leaf, nodes] of expected) leaf.gradient = nodes;
  d.steps.push({ kind: 'backward', y, seed, expected, refusals: d.refusals(y) });
}

function grad(d: Draw, y: Slot, seed: Slot | null, by: readonly Slot[], createGraph: boolean): void {
  const xs = by.filter((x) => x.id > y.since || d.isLeaf(x));
  d.need(xs.length > 0);
  const since = Math.max(...d.visible.map(({ id }) => id));
  const all = gradients(d, y, seed, xs);
  for (const nodes of all) sound(d, nodes);
  const refusals = d.refusals(y);
  const refusers = new Set([...y.fused, ...y.refusers]);
  const outs = xs.map(({ shape }, i) => {
    const nodes = createGraph ? (all[i] as n.Node[]) : (all[i] as n.Node[]).map(n.cut);
    const needs = nodes.some((each) => each.needs);
    return d.out({ shape, nodes }, seed ? [y, seed] : [y], { needs, target: false, ...(createGraph ? { refusers, since } : {}) });
  });
  d.steps.push({ kind: 'grad', y, seed, xs, createGraph, outs, refusals });
}

/** `p − lr g`, or Adam's first step: `p − lr m̂ / (√v̂ + ε)` of moments that began with 0. */
function updated(p: n.Node, g: n.Node, optimiser: 'SGD' | 'Adam', lr: number): n.Node {
  if (g.value === 0 && g.error === 0) return n.variable(p.value, p.error);
  const moments = [n.scale(g, 0.1), n.scale(n.mul(g, g), 0.001)] as const;
  const adam = () => n.scale(n.div(moments[0], n.shift(n.scale(n.sqrt(moments[1]), 1 / Math.sqrt(0.001)), 1e-8)), lr / 0.1);
  const to = n.sub(n.cut(p), optimiser === 'SGD' ? n.scale(g, lr) : adam());
  return n.variable(to.value, to.error);
}

function optimise(d: Draw): void {
  const ready = d.leaves.filter(({ gradient }) => gradient);
  const which = d.int(2 ** Math.min(8, ready.length));
  const leaves = ready.filter((_, i) => !((which >> i) & 1));
  d.need(leaves.length > 0);
  const [optimiser, lr] = [d.pick(['SGD', 'Adam'] as const), d.pick([0.125, 0.0625])];
  const expected = leaves.map(({ slot, gradient }) => slot.nodes.map((p, i) => updated(p, gradient?.[i] as n.Node, optimiser, lr)));
  for (const nodes of expected) for (const { value, error } of nodes) d.need(Math.abs(value) < 64 && error < 1e-4);
  leaves.forEach((leaf, i) => {
    const nodes = expected[i] as n.Node[];
    leaf.slot.nodes = nodes;
    leaf.generations.push(nodes);
    leaf.gradient = null;
  });
  d.visible = d.visible.filter((x) => !x.views.some((slot) => leaves.some((leaf) => leaf.slot === slot)));
  d.steps.push({ kind: 'optimise', optimiser, lr, leaves: leaves.map(({ slot }) => slot), expected });
}

const targets = (d: Draw) => floats(d).filter((x) => x.target);

const some = (d: Draw, xs: readonly Slot[], most: number) =>
  Array.from({ length: Math.min(most, xs.length) }, () => d.pick(xs)).filter((x, i, all) => all.indexOf(x) === i);

export const structure: Row[] = [
  {
    op: 'checkpoint',
    structure: true,
    weight: 4,
    draw: (d) => block(d, 'checkpoint', some(d, differentiable(d), 1 + d.int(3))),
  },
  { op: 'noGrad', structure: true, draw: (d) => block(d, 'noGrad') },
  { op: 'scope', structure: true, draw: (d) => block(d, 'scope') },
  {
    op: 'backward',
    structure: true,
    weight: 2,
    draw: (d) => {
      const y = d.pick(differentiable(d));
      backward(d, y, y.nodes.length === 1 && y.shape.length === 0 && d.flag() ? null : seedFor(d, y));
    },
  },
  {
    op: 'grad',
    structure: true,
    weight: 6,
    draw: (d) => {
      const y = d.pick(differentiable(d));
      const createGraph = d.int(4) !== 3;
      const seed = createGraph && d.flag() ? d.like(y.shape) : seedFor(d, y);
      d.need(!changeable(d, seed));
      grad(d, y, seed, some(d, targets(d).reverse(), 3), createGraph);
    },
  },
  { op: 'optimiser', structure: true, weight: 2, draw: optimise },
];

/** What nothing was made of yet. */
function sinks(d: Draw): Slot[] {
  const used = new Set(d.steps.flatMap((step) => (step.kind === 'call' ? slotsIn(step.args) : step.kind === 'block' ? step.inputs : [])));
  return differentiable(d).filter((x) => !used.has(x));
}

/** All sinks, weighed and added up. */
function total(d: Draw): Slot {
  const parts = sinks(d)
    .slice(0, 6)
    .map((x) => {
      const seed = seedFor(d, x);
      const weighed = d.call('mul', [x, seed], { shape: x.shape, nodes: x.nodes.map((each, i) => n.mul(each, seed.nodes[i] as n.Node)) });
      return d.call('sum', [weighed], x.shape.length === 0 ? weighed : { shape: [], nodes: [n.sum(weighed.nodes)] });
    });
  d.need(parts.length > 0);
  return parts.reduce((a, b) => d.call('add', [a, b], { shape: [], nodes: [n.add(a.nodes[0] as n.Node, b.nodes[0] as n.Node)] }));
}

/** How every round ends: gradients of what came out, of leaves and of what lies between. */
export const endings: Row[] = [
  {
    op: 'backward',
    draw: (d) => {
      const kind = d.int(4);
      if (kind === 0) {
        const ys = sinks(d).slice(0, 3);
        d.need(ys.length > 0);
        for (const y of ys) backward(d, y, seedFor(d, y));
        return;
      }
      const y = total(d);
      if (kind > 1) grad(d, y, null, some(d, targets(d).reverse(), 4), true);
      backward(d, kind > 1 ? total(d) : y, null);
    },
  },
  {
    op: 'grad',
    draw: (d) => {
      const y = d.pick(differentiable(d));
      const between = targets(d).filter((x) => x.needs && x !== y);
      grad(d, y, seedFor(d, y), some(d, [...between].reverse(), 5), false);
    },
  },
];
