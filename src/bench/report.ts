import type { CapacityReport, CapacityRow } from './capacity.ts';

/** A benchmark as a text that a person reads: one table a precision, then what the figures mean. */
export function capacityText(report: CapacityReport): string {
  const { machine, bundle, loadBefore, loadAfter } = report;
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; load ${loadBefore.toFixed(2)} before, ${loadAfter.toFixed(2)} after`,
    `bundle ${bundle.name} ${bundle.version} ${bundle.hash.slice(0, 12)}`,
  ];
  for (const [precision, steps] of Object.entries(report.bareStepMs)) {
    const each = Object.entries(steps).map(([batch, ms]) => `${ms.toFixed(2)} at ${batch}`);
    lines.push('', `${precision}: bare model, CPU ms a stream-step by batch: ${each.join(', ')}`);
    lines.push(
      '| streams | lag p50 / p95 / p99 / max ms | decision delay p50 / p95 ms | forced | loop p99 ms | KiB a stream | mean batch | CPU ms a stream-second | times bare | backlog |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    );
    for (const row of report.rows) if (row.precision === precision) lines.push(tableRow(row));
  }
  lines.push(
    '',
    'lag: last sample that a unit needs sent → its event there. decision delay: decided − end, audio time. CPU: of the whole process; bare: of the same steps by the model alone in batches of 16. backlog: steps still waiting at the end.',
  );
  return lines.join('\n');
}

function tableRow(row: CapacityRow): string {
  const { lag, decisionDelay, loopDelay } = row;
  const runs = row.batches.reduce((sum, n) => sum + n, 0);
  const cells = [
    row.streams,
    [lag.p50, lag.p95, lag.p99, lag.max].map((ms) => ms.toFixed(1)).join(' / '),
    [decisionDelay.p50, decisionDelay.p95].map((ms) => ms.toFixed(0)).join(' / '),
    `${(100 * row.forced).toFixed(1)} %`,
    loopDelay.p99.toFixed(1),
    (row.bytesPerStream / 1024).toFixed(0),
    (row.steps / runs).toFixed(1),
    row.cpuMs.toFixed(1),
    row.timesBare.toFixed(1),
    row.backlog,
  ];
  return `| ${cells.join(' | ')} |`;
}
