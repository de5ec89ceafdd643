// Filled by its family.
export function gatherPlaceholder(out: usize): void {}
