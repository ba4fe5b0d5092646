#!/usr/bin/env node
// Runs the built command line. In a clone it is built by `npm install` (or `npm run build`).
import { existsSync } from 'node:fs';

const entry = new URL('../dist/bin/main.js', import.meta.url);
if (existsSync(entry)) {
  const { sylstream } = await import(entry.href);
  process.exitCode = await sylstream(process.argv.slice(2));
} else {
  process.stderr.write(
    'SYLSTREAM_ERR_USAGE expected the built program in dist/, found none; run "npm run build" first\n',
  );
  process.exitCode = 2;
}
