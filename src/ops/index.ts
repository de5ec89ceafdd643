// Every op, by family.
export { expand, sumTo } from '../autograd/arithmetic.ts';
export * from './attention.ts';
export * from './binary.ts';
export * from './elementwise.ts';
export * from './gather.ts';
export * from './gelu.ts';
export * from './logic.ts';
export * from './loss.ts';
export { linear, type MatmulOptions, matmul } from './matmul.ts';
export * from './normalise.ts';
export * from './random.ts';
export * from './recurrent.ts';
export * from './reduce.ts';
export * from './scaled-dot-product.ts';
export * from './shape.ts';
export * from './softmax.ts';
