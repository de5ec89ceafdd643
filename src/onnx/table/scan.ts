// What runs along an axis.

import type { OnnxOp } from '../graph.ts';
import { exchanged, fixed, input } from './call.ts';

const cumsum: OnnxOp = (graph, call) =>
  graph.node('CumSum', [input(call, 0).name, graph.number('int64', fixed(call, 'axis'))], { reverse: call.attributes.reverse ? 1 : 0 });

/** `yₖ = xₖ + aₖ · yₖ₋₁`: what a step does is a graph of its own. The first step starts from 0, so its a does not matter. */
const linearScan: OnnxOp = (graph, call) => {
  const [x, a] = [input(call, 0), input(call, 1)];
  const axis = fixed(call, 'axis');
  const order = exchanged(x.dims.length, 0, axis);
  const [xs, as] = [graph.permute(x.name, order), graph.permute(a.name, order)];
  const first = graph.node('Gather', [xs, graph.number('int64', 0)], { axis: 0 });
  const zero = graph.node('ConstantOfShape', [graph.node('Shape', [first])]);
  const [before, next, factor, product, after, out] = ['before', 'next', 'factor', 'product', 'after', 'out'].map((name) =>
    graph.fresh(name),
  ) as [string, string, string, string, string, string];
  const port = (name: string) => ({ name, type: 'float32' as const, shape: undefined });
  const body = {
    name: graph.fresh('step'),
    nodes: [
      { type: 'Mul', inputs: [factor, before], outputs: [product], attributes: {} },
      { type: 'Add', inputs: [next, product], outputs: [after], attributes: {} },
      { type: 'Identity', inputs: [after], outputs: [out], attributes: {} },
    ],
    initializers: [],
    inputs: [port(before), port(next), port(factor)],
    outputs: [port(after), port(out)],
  };
  const direction = call.attributes.reverse ? 1 : 0;
  const [, ys] = graph.put(
    'Scan',
    [zero, xs, as],
    { body: { graph: body }, num_scan_inputs: 2, scan_input_directions: [direction, direction], scan_output_directions: [direction] },
    2,
  );
  return graph.permute(ys as string, order);
};

/** Running sums. */
export const running: Readonly<Record<string, OnnxOp>> = { cumsum, linearScan };
