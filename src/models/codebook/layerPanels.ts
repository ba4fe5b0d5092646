import type { LinearLayer } from './projection.ts';

/** Rows of a layer that `assembly/naming.ts` works on together. */
export const PANEL_ROWS = 32;

/** A layer as the module reads it: rows beyond the last one are 0. */
export interface LayerPanels {
  /** `[⌈out / 32⌉, in, 32]`: panels of 32 rows, input by input. */
  readonly weights: Float32Array;
  /** `[32·⌈out / 32⌉]`. */
  readonly bias: Float32Array;
  /** ⌈out / 32⌉. */
  readonly panels: number;
  /** Inputs of the layer. */
  readonly input: number;
}

/** Lays out a layer. */
export function layerPanels(layer: LinearLayer): LayerPanels {
  const rows = layer.bias.length;
  const input = layer.weight.length / rows;
  const panels = Math.ceil(rows / PANEL_ROWS);
  const weights = new Float32Array(panels * PANEL_ROWS * input);
  for (let row = 0; row < rows; row++) {
    const panel = Math.floor(row / PANEL_ROWS) * PANEL_ROWS * input + (row % PANEL_ROWS);
    for (let i = 0; i < input; i++) weights[panel + i * PANEL_ROWS] = layer.weight[row * input + i];
  }
  const bias = new Float32Array(panels * PANEL_ROWS);
  bias.set(layer.bias);
  return { weights, bias, panels, input };
}
