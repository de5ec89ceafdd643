// The README's speed table, copied from docs/performance.md, so that no figure is typed. Pure.
import { replaced } from './report.ts';

/** The rows of the README's table, by the family and the case that measures them. */
const told: readonly (readonly [work: string, family: string, name: string])[] = [
  ['matrix product 64³, through the public op', 'matmul', '64³'],
  ['matrix product 1024³', 'matmul', '1024³'],
  ['attention, 8 heads × 1024 × 64, forward', 'attention', 'forward T=1024'],
  ['training step, LSTM 256 over 20 steps, batch 64', 'recurrent', 'LSTM B64 T20 I64 H256'],
  ['training step, LSTM 64 over 12 steps, batch 32', 'recurrent', 'LSTM B32 T12 I32 H64'],
  ["training step of TF.js's date-conversion model, batch 128", 'dates', 'batch 128'],
  [
    'training step of the pronunciation model (LSTM-256 both ways, additive attention, batch 64, 8 letters, 8 phones)',
    'g2p',
    'biLSTM-256, embedding 256',
  ],
  ['training step of a GPT, 4 layers of 128, batch 12 × 64', 'gpt', '4 layers, 128 wide, 4 heads, batch 12×64'],
  ['import to first result, a cold Node process', 'package', 'import to first result, less `node -e 0`'],
];

const cellsOf = (line: string) => line.split('|').slice(1, -1).map((cell) => cell.trim()); // biome-ignore format: one line

/** A row of a family's table, by column name. */
function rowOf(performance: string, family: string, name: string): Map<string, string> {
  const from = performance.indexOf(`<!-- bench ${family} -->`);
  const table = performance.slice(from, performance.indexOf('<!-- /bench -->', from)).split('\n').filter((line) => line.startsWith('|')); // biome-ignore format: one line
  const columns = cellsOf(table[0] ?? '');
  const row = table.map(cellsOf).find(([first]) => first === name);
  if (from < 0 || !row) throw new Error(`bench: docs/performance.md must have ${name} in its table of ${family}, got none`);
  return new Map(columns.map((column, i) => [column, row[i] ?? '']));
}

const columnsOfOurs = new Set(['unit', 'best', 'median', 'limit', 'fraction', 'target']);
const isNative = (peer: string) => /^PyTorch|native/.test(peer);
/** A peer's name without its version. */
const bare = (peer: string) => peer.replace(/ \d[\w.-]*/, '').replace(/^ORT/, 'ONNX Runtime');
/** A peer's figure, which precedes the factor by which ours is faster. */
const figureOf = (cell: string) => cell.replace(/ \(.*/, '');
/** Whether a unit is a time, where lower is better. */
const isTime = (unit: string) => /s$/.test(unit) && !unit.includes('/');

/** The table of the README. */
export function speedTable(performance: string): string {
  const rows = told.map(([work, family, name]) => {
    const row = rowOf(performance, family, name);
    const unit = row.get('unit') ?? '';
    const peers = [...row].slice(1).filter(([column, cell]) => !columnsOfOurs.has(column) && cell !== '');
    const fastest = peers
      .filter(([peer]) => !isNative(peer))
      .map(([peer, cell]) => ({ peer: bare(peer), figure: figureOf(cell) }))
      .sort((a, b) => (isTime(unit) ? 1 : -1) * (Number(a.figure) - Number(b.figure)))[0];
    const torch = peers.find(([peer]) => peer.startsWith('PyTorch'))?.[1];
    const withUnit = (figure: string) => `${figure} ${unit}`;
    const others = [fastest ? `${fastest.peer} ${withUnit(fastest.figure)}` : '–', torch ? withUnit(figureOf(torch)) : '–'];
    return [work, withUnit(row.get('best') ?? ''), row.get('fraction') || '–', ...others];
  });
  const head = ['work', 'ours', 'of the limit', 'fastest JavaScript peer', 'PyTorch, native'];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i > 0 ? '--:' : '---'))), ...rows.map(line)].join('\n');
}

/** The README with the speed table and the machine of docs/performance.md. */
export function readmeWith(readme: string, performance: string): string {
  const start = '<!-- bench machine -->';
  const from = performance.indexOf(start) + start.length;
  const machine = performance.slice(from, performance.indexOf('<!-- /bench -->', from)).trim();
  return replaced(readme, 'speed', `${speedTable(performance)}\n\nMeasured on ${machine}`);
}
