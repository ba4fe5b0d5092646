import { toSeconds } from '../core/time.ts';
import { escapeXml } from './escapeXml.ts';
import { type Plot, plotSvg } from './plot.ts';

/**
 * Draws a recording as one HTML page that needs nothing else: the picture of `plotSvg()`, as wide as the window,
 * and the units as a table below it.
 */
export function plotHtml(plot: Plot): string {
  const rows = plot.units.map((unit) => {
    const cells = [
      unit.index,
      unit.pause ? 'pause' : unit.id,
      escapeXml(plot.labelOf?.(unit) ?? ''),
      toSeconds(unit.start).toFixed(3),
      toSeconds(unit.end).toFixed(3),
      unit.end - unit.start,
      unit.decided,
      unit.confidence?.toFixed(2) ?? '',
      unit.forced ? 'forced' : '',
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(plot.title)}</title>
<style>
body{margin:0 auto;max-width:1600px;font:14px/1.5 system-ui,"DejaVu Sans",sans-serif;color:#1b1b1f;background:#fff}
svg{display:block;width:100%;height:auto}
details{margin:0 52px 32px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:2px 12px;text-align:right;border-bottom:1px solid #ececf0}
</style>
${plotSvg(plot)}<details><summary>Units and pauses as a table</summary>
<table><thead><tr><th>index<th>id<th>label<th>start, s<th>end, s<th>samples<th>decided, sample<th>confidence<th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></details>
</html>
`;
}
