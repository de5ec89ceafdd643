import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Calls `each` for every element of the active rows and `masked` for every element of the others. */
function rows(h: Float64Array, mask: number, stride: number, batch: number, hidden: number, each: Visit, masked: Visit): void {
  for (let row = 0; row < batch; row++) {
    const visit = mask === 0 || h[mask + row * stride] !== 0 ? each : masked;
    for (let k = 0; k < hidden; k++) visit(row, k, row * hidden + k);
  }
}

/** Row, place in the row, and the place of both in a dense [batch, hidden]. */
type Visit = (row: number, k: number, at: number) => void;

/** The kernels of assembly/kernels/lstm.ts and gru.ts in float64. */
export function recurrent(cells: Cells) {
  return {
    lstmCell(out, h, c, gates, input, biasIh, biasHh, hPrev, cPrev, mask, batch, hidden, outStride, maskStride) {
      const m = cells();
      const at = (p: number) => m[p] as number;
      const step: Visit = (row, k, j) => {
        const place = (gate: number) => (row * 4 + gate) * hidden + k;
        const bias = (gate: number) => at(biasIh + gate * hidden + k) + at(biasHh + gate * hidden + k);
        const sum = (gate: number) => at(gates + place(gate)) + at(input + place(gate)) + bias(gate);
        const [i, f, g, o] = [sigmoid(sum(0)), sigmoid(sum(1)), Math.tanh(sum(2)), sigmoid(sum(3))];
        for (const [gate, value] of [i, f, g, o].entries()) m[gates + place(gate)] = value;
        m[c + j] = f * at(cPrev + j) + i * g;
        m[out + row * outStride + k] = m[h + j] = o * Math.tanh(at(c + j));
      };
      const carry: Visit = (row, k, j) => {
        m[c + j] = at(cPrev + j);
        m[h + j] = at(hPrev + j);
        m[out + row * outStride + k] = 0;
      };
      rows(m, mask, maskStride, batch, hidden, step, carry);
    },

    lstmCellBackward(dgates, dh, dc, g, gates, c, cPrev, mask, batch, hidden, gStride, maskStride) {
      const m = cells();
      const at = (p: number) => m[p] as number;
      const step: Visit = (row, k, j) => {
        const place = (gate: number) => (row * 4 + gate) * hidden + k;
        const [i, f, u, o] = [at(gates + place(0)), at(gates + place(1)), at(gates + place(2)), at(gates + place(3))];
        const t = Math.tanh(at(c + j));
        const dout = at(dh + j) + at(g + row * gStride + k);
        const dcell = at(dc + j) + dout * o * (1 - t * t);
        m[dgates + place(0)] = dcell * u * i * (1 - i);
        m[dgates + place(1)] = dcell * at(cPrev + j) * f * (1 - f);
        m[dgates + place(2)] = dcell * i * (1 - u * u);
        m[dgates + place(3)] = dout * t * o * (1 - o);
        m[dc + j] = dcell * f;
        m[dh + j] = 0;
      };
      const pass: Visit = (row, k) => {
        for (let gate = 0; gate < 4; gate++) m[dgates + (row * 4 + gate) * hidden + k] = 0;
      };
      rows(m, mask, maskStride, batch, hidden, step, pass);
    },

    gruCell(out, h, gates, inner, input, biasIh, biasHh, hPrev, mask, batch, hidden, outStride, maskStride) {
      const m = cells();
      const at = (p: number) => m[p] as number;
      const step: Visit = (row, k, j) => {
        const place = (gate: number) => (row * 3 + gate) * hidden + k;
        const x = (gate: number) => at(input + place(gate)) + at(biasIh + gate * hidden + k);
        const u = (gate: number) => at(gates + place(gate)) + at(biasHh + gate * hidden + k);
        const [r, z, un] = [sigmoid(x(0) + u(0)), sigmoid(x(1) + u(1)), u(2)];
        const n = Math.tanh(x(2) + r * un);
        for (const [gate, value] of [r, z, n].entries()) m[gates + place(gate)] = value;
        m[inner + j] = un;
        m[out + row * outStride + k] = m[h + j] = (1 - z) * n + z * at(hPrev + j);
      };
      const carry: Visit = (row, k, j) => {
        m[h + j] = at(hPrev + j);
        m[out + row * outStride + k] = 0;
      };
      rows(m, mask, maskStride, batch, hidden, step, carry);
    },

    gruCellBackward(dgates, dinner, dh, g, gates, inner, hPrev, mask, batch, hidden, gStride, maskStride) {
      const m = cells();
      const at = (p: number) => m[p] as number;
      const step: Visit = (row, k, j) => {
        const place = (gate: number) => (row * 3 + gate) * hidden + k;
        const [r, z, n, un] = [at(gates + place(0)), at(gates + place(1)), at(gates + place(2)), at(inner + j)];
        const dout = at(dh + j) + at(g + row * gStride + k);
        const dn = dout * (1 - z) * (1 - n * n);
        const dz = dout * (at(hPrev + j) - n) * z * (1 - z);
        const dr = dn * un * r * (1 - r);
        for (const [gate, value] of [dr, dz, dn].entries()) m[dgates + place(gate)] = value;
        for (const [gate, value] of [dr, dz, dn * r].entries()) m[dinner + place(gate)] = value;
        m[dh + j] = dout * z;
      };
      const pass: Visit = (row, k) => {
        for (let gate = 0; gate < 3; gate++) m[dgates + (row * 3 + gate) * hidden + k] = m[dinner + (row * 3 + gate) * hidden + k] = 0;
      };
      rows(m, mask, maskStride, batch, hidden, step, pass);
    },
  } satisfies Partial<Kernels>;
}
