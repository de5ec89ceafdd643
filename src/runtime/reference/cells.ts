/** The memory of the reference: one growing array of float64. Read anew at each access, since growing replaces it. */
export type Cells = () => Float64Array;
