import { PipelineError } from '../../src/core/errors.ts';
import type { UnitSpeaker } from '../../src/models/speak/unitSpeaker.ts';
import type { Say } from '../../src/protocol/index.ts';
import type { SpokenUnit } from '../../src/speak/unitWindow.ts';

/**
 * The units that a `say` brings with it, all of which can be spoken; undefined where it brings none. Throws `SYLSTREAM_ERR_UNITS` for what
 * cannot be spoken, `SYLSTREAM_ERR_OPTION` for fields that do not go together.
 */
export function unitsToSay(
  { of, us, ids, fine, gen }: Say,
  speaker: UnitSpeaker,
): SpokenUnit[] | undefined {
  if (of === 'continuation' && (us ?? ids))
    throw option('a continuation is of the stream’s own units: expected no us and no ids');
  if (of === 'units' && gen)
    throw option('gen belongs to a continuation: expected us, ids or neither');
  if (us && ids) throw option('expected us or ids, got both');
  const units =
    us?.map(([id, start, end], k): SpokenUnit => ({ id, fine: fine?.[k], start, end })) ??
    ids?.map((id, k): SpokenUnit => ({ id, fine: fine?.[k] }));
  if (fine && fine.length !== units?.length)
    throw option(
      `expected as many finer names as units, ${units?.length ?? 0}, got ${fine.length}`,
    );
  if (units?.length === 0)
    throw new PipelineError('SYLSTREAM_ERR_UNITS', 'expected units to be spoken, got none');
  const dry = speaker.window();
  for (const unit of units ?? []) dry.push(unit);
  return units;
}

function option(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_OPTION', message);
}
