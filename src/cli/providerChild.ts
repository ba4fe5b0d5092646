/**
 * A process of its own in which `doctor` tries one provider: a driver can abort the process, and some write to standard
 * error by themselves. Arguments: bundle, provider. Prints `{}` or `{code, message}` as JSON.
 */
import { PipelineError } from '../core/errors.ts';
import { loadModels } from '../models/loadModels.ts';
import type { Provider } from '../models/inference/tensors.ts';

const [bundle, provider] = process.argv.slice(2);
try {
  const models = await loadModels({
    bundle,
    providers: [provider as Provider],
    workers: 1,
    lm: false,
  });
  await models.close();
  process.stdout.write('{}');
} catch (error) {
  const code = error instanceof PipelineError ? error.code : 'SYLSTREAM_ERR_INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(JSON.stringify({ code, message }));
}
