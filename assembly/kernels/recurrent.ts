// Filled by its family.
export function recurrentPlaceholder(out: usize): void {}
