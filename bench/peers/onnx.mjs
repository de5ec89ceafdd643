// ONNX models of one node, as bytes: the few parts of protobuf and onnx.proto that this needs.

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

const integer = (field, value) => [...varint(field * 8), ...varint(value)];
const bytes = (field, content) => [...varint(field * 8 + 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, [...new TextEncoder().encode(value)]);
const float = (field, value) => [...varint(field * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];

/** AttributeProto: whole numbers are ints (type 2), others floats (type 1). */
function attribute([name, value]) {
  const whole = Number.isInteger(value);
  return [...text(1, name), ...(whole ? integer(3, value) : float(2, value)), ...integer(20, whole ? 2 : 1)];
}

/** ValueInfoProto of a float32 tensor: with a given shape, or any. */
function value(name, shape) {
  const dims = shape
    ? bytes(
        2,
        shape.flatMap((length) => bytes(1, integer(1, length))),
      )
    : [];
  return [...text(1, name), ...bytes(2, bytes(1, [...integer(1, 1), ...dims]))];
}

/**
 * A ModelProto with a sequence of nodes.
 * @param {{ op: string, inputs: string[], output: string, attributes?: Record<string, number> }[]} nodes
 * @param {readonly (readonly number[])[]} shapes of the inputs a, b, c
 */
export function model(nodes, shapes) {
  const graph = [
    ...nodes.flatMap(({ op, inputs, output, attributes = {} }) =>
      bytes(1, [
        ...inputs.flatMap((name) => text(1, name)),
        ...text(2, output),
        ...text(4, op),
        ...Object.entries(attributes).flatMap((entry) => bytes(5, attribute(entry))),
      ]),
    ),
    ...text(2, 'bench'),
    ...shapes.flatMap((shape, i) => bytes(11, value('abc'[i], shape))),
    ...bytes(12, value('y')),
  ];
  return Uint8Array.from([...integer(1, 10), ...bytes(7, graph), ...bytes(8, integer(2, 23))]);
}

const one = (op, inputs, attributes) => [{ op, inputs: [...inputs], output: 'y', attributes }];

/** By task: the nodes. */
const nodes = {
  matmul: ({ transposeA, transposeB }) =>
    transposeA || transposeB ? one('Gemm', 'ab', { transA: Number(transposeA), transB: Number(transposeB) }) : one('MatMul', 'ab'),
  softmax: () => one('Softmax', 'a', { axis: 1 }),
  logSoftmax: () => one('LogSoftmax', 'a', { axis: 1 }),
  layerNorm: () => one('LayerNormalization', 'abc', { axis: 1, epsilon: 1e-5 }),
  exp: () => one('Exp', 'a'),
  tanh: () => one('Tanh', 'a'),
  sigmoid: () => one('Sigmoid', 'a'),
  gelu: () => one('Gelu', 'a'),
  add: () => one('Add', 'ab'),
  attention: ({ causal, mask, bias }) => (mask || bias ? undefined : one('Attention', 'abc', { is_causal: Number(causal === true) })),
};

/** A peer that runs ONNX models: of one node, or of the task's own graph, which reads tokens. It cannot train. */
export function runner(name, native, ort, options, now) {
  return {
    name,
    native,
    /** @param {import('../case.ts').Task} task @param {Float32Array[]} inputs */
    async prepare(task, inputs) {
      const graph = task.graph ? undefined : nodes[task.op]?.(task);
      if (!graph && !task.graph) return undefined;
      const session = await ort.InferenceSession.create(task.graph?.() ?? model(graph, task.shapes), options);
      const feeds = Object.fromEntries(task.shapes.map((shape, i) => ['abc'[i], new ort.Tensor('float32', inputs[i], shape)]));
      if (task.tokens) feeds.tokens = new ort.Tensor('int32', task.tokens(), task.tokenShape);
      return {
        async time(calls) {
          const start = now();
          for (let i = 0; i < calls; i++) await session.run(feeds);
          return (now() - start) / calls;
        },
        result: async () => (await session.run(feeds))[session.outputNames[0]].data,
        close: () => void session.release(),
      };
    },
  };
}
