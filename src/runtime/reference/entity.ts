import type { Kernels } from '../generated/kernels.ts';
import type { Cells } from './cells.ts';

/** The kernels of assembly/kernels/entity.ts in float64. */
export function entities(cells: Cells) {
  const at = (p: number) => cells()[p] as number;
  const rest = (z: number) => Math.min(z, 0);
  const sum = (n: number, of: (k: number) => number) => {
    let total = 0;
    for (let k = 0; k < n; k++) total += of(k);
    return total;
  };
  /** Calls `each` for every entity, with the places of its example, of itself in [batch, slots] and of its first element in [batch, slots, width]. */
  const visit = (batch: number, slots: number, width: number, each: (b: number, j: number, row: number) => void) => {
    for (let b = 0; b < batch; b++) for (let j = 0; j < slots; j++) each(b, j, (b * slots + j) * width);
  };
  return {
    entityCell(
      ...[
        out,
        h,
        gates,
        rates,
        product,
        sentence,
        matched,
        driven,
        own,
        slopes,
        hPrev,
        mask,
        batch,
        slots,
        width,
        outStride,
        gateStride,
        maskStride,
      ]
    ) {
      const m = cells();
      visit(batch, slots, width, (b, j, row) => {
        const real = mask === 0 || at(mask + b * maskStride) !== 0;
        const agreed = sum(width, (k) => at(hPrev + row + k) * at(sentence + b * width + k));
        const gate = real ? 1 / (1 + Math.exp(-agreed - at(matched + b * slots + j))) : 0;
        m[gates + b * gateStride + j] = gate;
        const moved = Array.from({ length: width }, (_, k) => {
          if (!real) return at(hPrev + row + k);
          const z = at(product + row + k) + at(own + j * width + k) + at(driven + b * width + k);
          m[product + row + k] = z;
          return at(hPrev + row + k) + gate * (Math.max(z, 0) + at(slopes + k) * rest(z));
        });
        const length = real ? Math.hypot(...moved) || 1 : 1;
        if (real) m[rates + b * slots + j] = 1 / length;
        for (const [k, value] of moved.entries()) m[h + row + k] = m[out + b * outStride + j * width + k] = value / length;
      });
    },

    entityCellBackward(
      ...[
        dproduct,
        dsentence,
        dmatched,
        ddriven,
        dslopes,
        dh,
        g,
        gGates,
        gates,
        rates,
        product,
        sentence,
        slopes,
        h,
        hPrev,
        mask,
        batch,
        slots,
        width,
        gStride,
        gateStride,
        maskStride,
      ]
    ) {
      const m = cells();
      const add = (p: number, value: number) => {
        m[p] = at(p) + value;
      };
      for (const d of [dsentence, ddriven, dslopes]) m.fill(0, d, d + batch * width);
      visit(batch, slots, width, (b, j, row) => {
        if (g) for (let k = 0; k < width; k++) add(dh + row + k, at(g + b * gStride + j * width + k));
        const real = mask === 0 || at(mask + b * maskStride) !== 0;
        const gate = at(gates + b * gateStride + j);
        const along = sum(width, (k) => at(dh + row + k) * at(h + row + k));
        const slope = (k: number) => at(rates + b * slots + j) * (at(dh + row + k) - along * at(h + row + k));
        const moved = Array.from({ length: real ? width : 0 }, (_, k) => slope(k));
        const bent = (k: number) => Math.max(at(product + row + k), 0) + at(slopes + k) * rest(at(product + row + k));
        const dgate = sum(moved.length, (k) => (moved[k] as number) * bent(k)) + (gGates ? at(gGates + b * gateStride + j) : 0);
        const open = real ? dgate * gate * (1 - gate) : 0;
        m[dmatched + b * slots + j] = open;
        for (let k = 0; k < width; k++) m[dproduct + row + k] = 0;
        for (const [k, dy] of moved.entries()) {
          const z = at(product + row + k);
          const dz = gate * dy * (z > 0 ? 1 : at(slopes + k));
          m[dproduct + row + k] = dz;
          add(ddriven + b * width + k, dz);
          add(dslopes + b * width + k, gate * dy * rest(z));
          add(dsentence + b * width + k, open * at(hPrev + row + k));
          m[dh + row + k] = dy + open * at(sentence + b * width + k);
        }
      });
    },
  } satisfies Partial<Kernels>;
}
