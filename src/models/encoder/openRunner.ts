import { hearsWave, type EncoderConfig } from '../bundle/bundle.ts';
import type { OpenModel } from '../inference/tensors.ts';
import { createStepRunner, type StepModel, type StepRunner } from './stepRunner.ts';
import { createWaveRunner } from './waveRunner.ts';

/** Opens an encoder of either kind in this thread. `guarded` and `open` as of `createStepRunner()`. */
export function openRunner(
  { encoder, ...model }: Omit<StepModel, 'encoder'> & { readonly encoder: EncoderConfig },
  guarded: <T>(call: () => Promise<T>) => Promise<T>,
  open: OpenModel,
): Promise<StepRunner> {
  return hearsWave(encoder)
    ? createWaveRunner({ ...model, encoder }, guarded, open)
    : createStepRunner({ ...model, encoder }, guarded, open);
}
