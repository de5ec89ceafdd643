/** Ops that have no form in ONNX, and why. */
export const refused: Readonly<Record<string, string>> = {
  categorical: 'a draw from a key has no operator (export the logits, and draw outside)',
  crop: 'a window at a place of its own in each image has no operator (use gridSample)',
  ctcPaths: 'there is no such operator (export the logits, and compute the loss outside)',
  ctcPosterior: 'there is no such operator (export the logits, and align outside)',
  dropout: 'a draw from a key has no operator (call fn without a key)',
  gumbel: 'a draw from a key has no operator (pass the noise in)',
  memoryStep: 'it has no operator (addressMemory, readMemory and writeMemory have some)',
  normal: 'a draw from a key has no operator (pass the noise in)',
  sparsemax: 'there is no such operator (softmax has one)',
  straightThrough: 'it is there for its gradient (export the hard value)',
  uniform: 'a draw from a key has no operator (pass the noise in)',
};
