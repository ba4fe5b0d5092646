import { Command } from 'commander';
import { PipelineError } from '../core/errors.ts';
import { percent } from '../formats/percent.ts';
import { readUnitCards } from '../models/codebook/readUnitCards.ts';
import { defaultBundle, readBundle } from '../models/bundle/manifest.ts';
import {
  labelOf,
  type SaidSyllable,
  type UnitCard,
  type UnitCards,
} from '../models/codebook/unitCards.ts';
import { openOutput } from './output.ts';
import { writeUnitsPage } from './unitsPage.ts';
import { misuse } from './usage.ts';
import { type VoiceOptions, withVoiceOption } from './voiceOptions.ts';

interface UnitsOptions extends VoiceOptions {
  readonly bundle: string;
  readonly json?: boolean;
  readonly page?: string;
}

/** `sylstream units`: what the units of a bundle stand for. */
export function unitsCommand(): Command {
  const command = new Command('units')
    .description('say what units stand for: all of them, a line each, or the card of one')
    .argument('[id...]', 'units, 1 to M')
    .option('--bundle <folder>', 'the model bundle', defaultBundle())
    .option('--json', 'print one JSON object a unit')
    .option(
      '--page <path>',
      'write an HTML page of all units in place of that, to look through and to hear',
    );
  return withVoiceOption(command).action(show);
}

async function show(ids: readonly string[], options: UnitsOptions): Promise<void> {
  const bundle = await readBundle(options.bundle);
  const cards = await readUnitCards(bundle);
  if (cards === undefined) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `${bundle.directory} has no units.json, so it does not say what its units stand for; training/bundle/unit_cards.py makes it`,
    );
  }
  checkTogether(ids, options);
  const { page, voice, json = false } = options;
  if (page !== undefined) return writeUnitsPage(page, bundle, cards, voice);
  const wanted = ids.length === 0 ? cards.units : ids.map((id) => cardOf(id, cards));
  const shown = ids.length === 0 ? line : card;
  const output = await openOutput();
  const written = json
    ? wanted.map((one) => JSON.stringify(one))
    : wanted.map((one) => shown(one, cards));
  await output.write(`${written.join('\n')}\n`);
  await output.close();
}

/** A page has all units, and only a page is heard. */
function checkTogether(ids: readonly string[], { page, voice, json }: UnitsOptions): void {
  if (page === undefined) {
    if (voice !== undefined)
      throw misuse('Expected --voice with --page, which is heard, got it alone.');
    return;
  }
  if (!/\.html?$/i.test(page)) throw misuse(`Expected --page to end in .html, got "${page}".`);
  if (json === true) throw misuse('Expected --page or --json, got both.');
  if (ids.length > 0)
    throw misuse(`Expected no units beside --page, which has them all, got ${ids.join(', ')}.`);
}

function cardOf(id: string, { units }: UnitCards): UnitCard {
  const found = /^\d+$/.test(id) ? units[Number(id) - 1] : undefined;
  if (found) return found;
  throw misuse(`expected a unit from 1 to ${units.length}, got ${JSON.stringify(id)}`);
}

/** A unit in one line: number, share, syllables. */
function line({ id, share, says }: UnitCard): string {
  const words = says.map((one) => `${labelOf(one)} ${percent(one.share)}`);
  return `${String(id).padStart(4)}  ${percent(share, 2).padStart(6)}  ${words.join(', ') || 'no syllable often'}`;
}

/** A unit in a few lines, with its neighbours. */
function card({ id, share, says, near }: UnitCard, { units, rate, segments }: UnitCards): string {
  const neighbours = near.map((other) => {
    const first = units[other - 1].says[0];
    return first === undefined ? String(other) : `${other} (${labelOf(first)})`;
  });
  return [
    `unit ${id}: ${percent(share, 2)} of ${segments} units of training speech at the rate ${rate}`,
    ...(says.length === 0 ? ['  no syllable often enough to be named'] : says.map(saidLine)),
    `  near: ${neighbours.join(', ')}`,
  ].join('\n');
}

function saidLine(said: SaidSyllable): string {
  return `  ${percent(said.share).padStart(5)}  ${said.phones.padEnd(14)}  ${said.spelled ?? ''}`.trimEnd();
}
