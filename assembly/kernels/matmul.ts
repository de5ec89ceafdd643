// Filled by its family.
export function matmulPlaceholder(out: usize): void {}
