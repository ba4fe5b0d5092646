import { lastValueFrom, of, toArray } from 'rxjs';
import { encodeS16le } from '../audio/pcm.ts';
import { wavHeader } from '../audio/wavWriter.ts';
import { PipelineError } from '../core/errors.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { unitsPage } from '../formats/unitsPage.ts';
import type { Bundle } from '../models/bundle/bundle.ts';
import { labelOf, type UnitCards } from '../models/codebook/unitCards.ts';
import { createUnitSpeaker, type UnitSpeaker } from '../models/speak/unitSpeaker.ts';
import { speakUnits } from '../operators/speakUnits.ts';
import { openOutput } from './output.ts';

const FORMAT = { sampleRate: SAMPLE_RATE, channels: 1 };

/**
 * Writes a page of all units, each spoken by the bundle's vocoder where it has one.
 *
 * @throws PipelineError `SYLSTREAM_ERR_VOICE` for a voice that is not there, `SYLSTREAM_ERR_OUTPUT_WRITE`, before anything is spoken
 */
export async function writeUnitsPage(
  path: string,
  bundle: Bundle,
  cards: UnitCards,
  voice: string | undefined,
): Promise<void> {
  if (voice !== undefined && !bundle.manifest.files['speak/config.json']) {
    throw new PipelineError(
      'SYLSTREAM_ERR_VOICE',
      `expected a bundle with speak/ for the voice ${voice}, and ${bundle.directory} has none; leave --voice out`,
    );
  }
  const output = await openOutput(path);
  const speaker = bundle.manifest.files['speak/config.json']
    ? await createUnitSpeaker(bundle)
    : undefined;
  try {
    const { name, version } = bundle.manifest;
    const units = await Promise.all(
      cards.units.map(async ({ id, share, says, near }) => ({
        id,
        share,
        says: says.map((one) => ({ ...one, label: labelOf(one) })),
        near,
        wav: speaker && (await spoken(id, speaker, voice)),
      })),
    );
    const who = speaker
      ? `Spoken by the bundle's vocoder, voice ${voice ?? speaker.voices[0]}.`
      : 'The bundle has no vocoder, so nothing can be played.';
    const about = `${cards.segments} units of training speech at the rate ${cards.rate}; bundle hash ${bundle.hash.slice(0, 12)}. ${who}`;
    const page = unitsPage({ title: `Units of ${name} ${version}`, about, units });
    await output.write(page);
  } finally {
    await Promise.all([output.close(), speaker?.close()]);
  }
}

/** One unit alone, as long as it mostly is: a WAV file. */
async function spoken(
  id: number,
  speaker: UnitSpeaker,
  voice: string | undefined,
): Promise<Uint8Array> {
  const chunks = await lastValueFrom(of({ id }).pipe(speakUnits(speaker, { voice }), toArray()));
  const parts = chunks.map(({ samples }) => encodeS16le(samples));
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([wavHeader(FORMAT, bytes), ...parts]);
}
