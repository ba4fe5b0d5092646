import { melRowsOf } from './melRow.ts';
import type { Engine } from '../inference/engine.ts';
import type { EncoderBatch, EncoderOutputs, EncoderSetup } from './encoderMessages.ts';
import { createKeptMemories } from '../inference/keptMemories.ts';
import type { StepRunner } from './stepRunner.ts';

/** The encoder's steps behind a thread of its own: batches come as messages, their inputs in shared memory. */
export function createStepEngine(
  setup: EncoderSetup,
  runner: StepRunner,
): Engine<EncoderBatch, EncoderOutputs> {
  const melRowAt = melRowsOf(setup);
  const memories = createKeptMemories();

  return {
    loaded: runner.loaded,
    run: ({ items, rows }) => {
      const jobs = items.map(({ stream, ring, firstToken, tokens, commit }, b) => {
        if (ring) memories.open(stream, ring);
        const mel = melRowAt(b, rows);
        return { memory: memories.get(stream)!, mel, firstToken, tokens, commit };
      });
      return runner.run(jobs, rows);
    },
    forget: (stream) => {
      const memory = memories.get(stream);
      if (memory) runner.forget?.(memory);
      memories.forget(stream);
    },
    bare: (batch, rows) => runner.bare(batch, rows),
  };
}
