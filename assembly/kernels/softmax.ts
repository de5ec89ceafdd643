// Filled by its family.
export function softmaxPlaceholder(out: usize): void {}
