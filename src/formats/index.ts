/** Writers and readers of units and references: pure, nothing opened or printed here. */
export { csv } from './csv.ts';
export { jsonl, unitRecord } from './jsonl.ts';
export { npy } from './npy.ts';
export { plotHtml } from './plotHtml.ts';
export { plotPng } from './plotPng.ts';
export { plotSvg } from './plot.ts';
export { provenanceOf } from './provenance.ts';
export { readReference } from './readReference.ts';
export { readTextGrid } from './readTextGrid.ts';
export { textGrid } from './textGrid.ts';
export type { Provenance, StatedProvenance, UnitFormatter } from './unitFormatter.ts';
