/** Says after you, in another voice, what your units say: node parrot.ts [--file FILE] [--voice NAME] | aplay -q -f S16_LE -r 16000 */
import { parseArgs } from 'node:util';
import { concatMap, fromEvent, lastValueFrom, takeUntil } from 'rxjs';
import {
  encodeS16le,
  fromFile,
  fromMicrophone,
  loadModels,
  speakUnits,
  speechUnits,
} from 'sylstream';

const { values } = parseArgs({
  options: {
    /** A recording instead of the microphone, as if it were spoken now. */
    file: { type: 'string' },
    voice: { type: 'string' },
    bundle: { type: 'string' },
  },
});

const models = await loadModels({ bundle: values.bundle, lm: false, speak: true });
const chunks$ =
  values.file === undefined ? fromMicrophone() : fromFile(values.file, { realtime: true });

try {
  const said$ = speechUnits(chunks$.pipe(takeUntil(fromEvent(process, 'SIGINT'))), models).pipe(
    concatMap((event) => (event.type === 'unit' ? [event.unit] : [])),
    // A unit does not wait for the next one: that would be a fifth of a second more.
    speakUnits(models.speaker!, { voice: values.voice, lookAhead: false }),
    concatMap(({ samples }) => write(encodeS16le(samples))),
  );
  await lastValueFrom(said$, { defaultValue: undefined });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await models.close();
}

function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
