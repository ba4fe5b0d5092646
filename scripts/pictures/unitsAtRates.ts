import { execFileSync } from 'node:child_process';

/** A unit as the picture of the dial wants it: seconds, and what it stands for; a pause has no label. */
export interface ShownUnit {
  readonly start: number;
  readonly end: number;
  readonly id: number;
  readonly label?: string;
}

/** The units of a recording at every rate of the dial that the picture shows, by the built command line in `root`. */
export function unitsAtRates(root: string, clip: string): Record<string, ShownUnit[]> {
  const rates = ['natural', '5', '6.25', '8.33'];
  return Object.fromEntries(rates.map((rate) => [rate, unitsAt(root, clip, rate)]));
}

function unitsAt(root: string, clip: string, rate: string): ShownUnit[] {
  const args = ['bin/sylstream.js', 'tokenize', clip, '--rate', rate];
  const lines = execFileSync('node', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const unit = JSON.parse(line) as { id: number; label?: string } & Record<string, number>;
    const { id, label, startSeconds: start, endSeconds: end } = unit;
    return { start, end, id, ...(label === undefined ? {} : { label }) };
  });
}
