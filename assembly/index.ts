// The kernel table. Its contract is in docs/kernels.md; src/runtime/reference/ implements it again in float64.
export * from "./kernels/attention";
export * from "./kernels/binary";
export * from "./kernels/copy";
export * from "./kernels/elementwise";
export * from "./kernels/gather";
export * from "./kernels/gru";
export * from "./kernels/logic";
export * from "./kernels/lstm";
export * from "./kernels/matmul";
export * from "./kernels/normalise";
export * from "./kernels/optimise";
export * from "./kernels/random";
export * from "./kernels/reduce";
export * from "./kernels/softmax";
export * from "./kernels/tiled-attention";
export * from "./kernels/tiled-attention-backward";
export * from "./kernels/tiled-attention-weights";
