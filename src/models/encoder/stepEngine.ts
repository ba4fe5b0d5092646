import { melRowsOf } from './melRow.ts';
import type { Engine } from '../inference/engine.ts';
import type { EncoderBatch, EncoderOutputs, EncoderSetup } from './encoderMessages.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import { createKeptMemories } from '../inference/keptMemories.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import { createRemoteRunner } from './remoteRunner.ts';
import { createStepRunner } from './stepRunner.ts';

/** The cached step model behind a thread of its own: batches come as messages, their mel in shared memory. */
export async function createStepEngine(
  setup: EncoderSetup & Guarded,
): Promise<Engine<EncoderBatch, EncoderOutputs>> {
  const { remote } = setup;
  const runner = remote
    ? await createRemoteRunner(remote)
    : await createStepRunner(setup, guardNative(setup.guard));
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
