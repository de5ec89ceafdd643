// Filled by its family.
export function attentionPlaceholder(out: usize): void {}
