// What users of the packages write, in ES modules and in CommonJS (`require` of ES modules: Node 20.19 or later).

/** Two seconds of silence through the library. */
const LIBRARY = `
  const { lastValueFrom, toArray } = rxjs;
  const models = await sylstream.loadModels({ workers: 1 });
  const silence = sylstream.fromPcm(new Float32Array(32_000));
  const events = await lastValueFrom(sylstream.speechUnits(silence, models).pipe(toArray()));
  await models.close();
  for (const part of [client, server, browser]) if (Object.keys(part).length < 2) throw new Error('empty export');
  console.log('silence gives ' + events.length + ' unit(s)');`;

/** Serves on a free port, and says where, until it is killed. */
export const SERVER = `
  import { createStreamPool } from 'sylstream';
  import { createServer } from 'sylstream/server';
  const streams = await createStreamPool({ shards: 1, lm: false, speak: false });
  const server = await createServer({ streams, settings: { port: 0, capacity: 2, logLevel: 'silent' } });
  console.log(server.streamUrl);`;

/** A sine of two seconds to a server. */
const CLIENT = `
  const stream = client.openStream(process.argv[2], { sampleRate: 16_000, pace: 'file' });
  const units = [];
  stream.units$.subscribe((unit) => units.push(unit));
  const done = new Promise((done, fail) => stream.units$.subscribe({ complete: done, error: fail }));
  void stream.write(Float32Array.from({ length: 32_000 }, (_, n) => Math.sin(n / 9) / 2));
  void stream.end();
  await done;
  console.log('a server gives ' + units.length + ' unit(s)');`;

/** Every name that the browser's entry has can be imported in Node, for rendering on a server. */
const BROWSER = `
  if (typeof browser.speechUnits !== 'function') throw new Error('no speechUnits');
  console.log('a server can import what a browser runs');`;

const write = (imports, body) => ({
  'use.mjs': `${imports.map(([name, from]) => `import * as ${name} from '${from}';`).join('\n')}${body}`,
  'use.cjs': `${imports.map(([name, from]) => `const ${name} = require('${from}');`).join('\n')}
    (async () => {${body}})().catch((error) => { console.error(error); process.exit(1); });`,
});

/** Programs by what they use: file name → text. */
export const PROGRAMS = {
  sylstream: write(
    [
      ['rxjs', 'rxjs'],
      ['sylstream', 'sylstream'],
      ['client', 'sylstream/client'],
      ['server', 'sylstream/server'],
      ['browser', 'sylstream/browser'],
    ],
    LIBRARY,
  ),
  '@sylstream/client': write([['client', '@sylstream/client']], CLIENT),
  '@sylstream/browser': write([['browser', '@sylstream/browser']], BROWSER),
};
