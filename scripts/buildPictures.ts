// Makes the pictures of the documents anew, in docs/pictures: the plot of a sentence, the same sentence cut at every rate of the dial,
// and the page of `npm start` with it. Needs the built program and Chromium. Usage: npm run build:pictures
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { photographPage } from './pictures/photographPage.ts';
import { unitsAtRates } from './pictures/unitsAtRates.ts';

const root = resolve(import.meta.dirname, '..');
const clip = join(root, 'test/fixtures/kathleen-a0002.wav');
const picture = (name: string): string => join(root, 'docs/pictures', name);

const tokenize = ['bin/sylstream.js', 'tokenize', clip, '--output', '/dev/null'];
execFileSync('node', [...tokenize, '--format', 'jsonl', '--plot', picture('kathleen-a0002.svg')], {
  cwd: root,
});
const rates = picture('kathleen-a0002.rates.json');
const options = { ...(await resolveConfig(rates)), filepath: rates };
writeFileSync(rates, await format(JSON.stringify(unitsAtRates(root, clip)), options));
await photographPage(root, clip, picture('page.png'));
