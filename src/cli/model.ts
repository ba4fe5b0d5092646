import { Command, Option } from 'commander';
import { PipelineError } from '../core/errors.ts';
import { hearsWave, type Bundle } from '../models/bundle/bundle.ts';
import { checkLmGolden } from '../models/lm/checkLmGolden.ts';
import { hasHead, headFolder, loadHead, readHead } from '../models/head/head.ts';
import { loadModels, type Models } from '../models/loadModels.ts';
import { defaultBundle, readBundle } from '../models/bundle/manifest.ts';
import { checkSpeakGolden } from '../models/speak/checkSpeakGolden.ts';
import { canSpeak, readSpeakConfig } from '../models/speak/speakConfig.ts';
import { createUnitSpeaker } from '../models/speak/unitSpeaker.ts';
import type { UnitLm } from '../models/lm/unitLm.ts';
import { checkGolden } from '../streams/checkGolden.ts';
import { checkHeadGolden } from '../streams/checkHeadGolden.ts';
import { PRECISIONS, stepModelFile } from '../models/encoder/stepModel.ts';
import {
  writeTritonRepository,
  type TritonRepositoryOptions,
} from '../models/encoder/tritonRepository.ts';
import { openOutput } from './output.ts';
import { countTo } from './usage.ts';

/** Share of the golden units that must be found: another processor may round a few boundaries otherwise. */
const MIN_EQUAL = 0.95;
/** Most that the mean log-probability of the golden units may differ, in nats; another processor rounds otherwise, int8 more. */
const MAX_DIFFERENCE = { fp32: 1e-3, int8: 0.1 } as const;
/** Most that a probability of a head may differ from the golden one: features differ by rounding, and by precision. */
const MAX_HEAD_DIFFERENCE = 0.1;
/** Most that a value of a frame may differ from the golden one: weights are halves there, and floats here. */
const MAX_FRAME_DIFFERENCE = 0.1;

/** `sylstream model`: what a bundle is, and whether it is whole. */
export function modelCommand(): Command {
  const command = new Command('model').description('say what a model bundle is, or check it');
  command
    .command('info')
    .description('print name, hash, sizes, rates, licence and training data of a bundle')
    .argument('[bundle]', 'its folder', defaultBundle())
    .option('--json', 'print manifest, config and hash as JSON')
    .action(info);
  command
    .command('verify')
    .description(
      "check every file's SHA-256, then the bundle's own recording against its own units",
    )
    .argument('[bundle]', 'its folder', defaultBundle())
    .action(verify);
  command
    .command('triton')
    .description(
      'write a model repository, with which a Triton server runs the encoder for many gateways',
    )
    .argument('<bundle>', 'its folder')
    .requiredOption('--out <folder>', 'the repository; files that are there are written over')
    .addOption(
      new Option('--precision <name>', 'form of the encoder').choices(PRECISIONS).default('int8'),
    )
    .option('--sequences <n>', 'streams that the server keeps', countTo(65_536), 1024)
    .option('--max-batch <n>', 'most streams of a run', countTo(256), 32)
    .addOption(
      new Option('--device <name>', 'where the server runs it')
        .choices(['cpu', 'gpu'])
        .default('cpu'),
    )
    .action(writeTriton);
  return command;
}

async function writeTriton(
  directory: string,
  { out, ...options }: TritonRepositoryOptions & { readonly out: string },
): Promise<void> {
  const bundle = await readBundle(directory);
  await writeTritonRepository(bundle, out, options);
  const output = await openOutput();
  await output.write(`wrote ${out} for the bundle ${bundle.hash}\n`);
}

async function info(directory: string, options: { json?: boolean }): Promise<void> {
  const bundle = await readBundle(directory);
  const output = await openOutput();
  const { manifest, config, hash } = bundle;
  if (options.json) {
    await output.write(
      `${JSON.stringify({ hash, directory: bundle.directory, manifest, config })}\n`,
    );
  } else {
    await output.write(`${await description(bundle)}\n`);
  }
}

/** What people want to know of a bundle. */
async function description(bundle: Bundle): Promise<string> {
  const { manifest, config, hash, directory, lm } = bundle;
  const head = hasHead(bundle) ? await describeHead(bundle) : 'none';
  const { encoder, boundaries, units } = config;
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  const rates = boundaries.rates.map(
    ({ name, hz, lambda }) => `${name} (${hz} a second, λ ${lambda})`,
  );
  const hours = manifest.trainingData.map((set) => `${set.name} (${set.hours} h, ${set.licence})`);
  const rows = [
    ['name', `${manifest.name} ${manifest.version}, ${manifest.created}`],
    ['hash', hash],
    ['folder', directory],
    ['size', `${(bytes / 1e6).toFixed(1)} MB in ${Object.keys(manifest.files).length} files`],
    [
      'encoder',
      `${encoder.layers} layers of ${encoder.width}, features of ${encoder.featureWidth}`,
    ],
    [
      'steps',
      `${encoder.chunkTokens * 20} ms, looking ${encoder.delayTokens * 20} ms ahead and ${(encoder.windowTokens * 20) / 1000} s back` +
        (hearsWave(encoder) ? ', all of it heard again at every step' : ' a layer'),
    ],
    ['units', `1 to ${units.merged}, of ${units.centroids} centroids; 0 is a pause`],
    ['rates', rates.join(', ')],
    [
      'language',
      lm
        ? `${lm.layers} layers of ${lm.width}, looking ${lm.windowUnits} units back a layer, at the rate ${lm.rate}`
        : 'no model',
    ],
    ['head', head],
    ['voices', canSpeak(bundle) ? await describeVoices(bundle) : 'none'],
    ['licence', manifest.licence],
    ['trained on', hours.join(', ') || 'nothing'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n');
}

/** Who speaks the bundle's units. */
async function describeVoices(bundle: Bundle): Promise<string> {
  const { voices } = await readSpeakConfig(bundle);
  return voices.map(({ name, about }) => `${name} (${about})`).join('; ');
}

/** What the bundle's own head tells apart. */
async function describeHead(bundle: Bundle): Promise<string> {
  const { name, labels, windowMs } = await readHead(headFolder(bundle));
  return `${name}: ${labels.join(', ')}; ${windowMs / 1000} s at once`;
}

async function verify(directory: string): Promise<void> {
  const output = await openOutput();
  const bundle = await readBundle(directory);
  const files = Object.keys(bundle.manifest.files);
  await output.write(`files       ${files.length} whole, hash ${bundle.hash}\n`);
  for (const precision of ['fp32', 'int8'] as const) {
    if (!files.includes(stepModelFile(bundle.config.encoder, precision))) continue;
    const models = await loadModels({ bundle: directory, precision, workers: 1 });
    try {
      const { expected, found, equal } = await checkGolden(models, precision);
      await output.write(
        `${precision.padEnd(11)} ${equal} of ${expected} golden units, ${found} found\n`,
      );
      if (equal < MIN_EQUAL * expected) {
        throw new PipelineError(
          'SYLSTREAM_ERR_ENCODER',
          `expected the ${expected} units of ${directory}/golden at ${precision}, got ${equal} of them; ` +
            'fetch or export the bundle again, and try --providers cpu',
        );
      }
      if (models.lm) await output.write(`${await verifyLm(bundle, models.lm, precision)}\n`);
      if (hasHead(bundle)) await output.write(`${await verifyHead(models, precision)}\n`);
    } finally {
      await models.close();
    }
  }
  if (canSpeak(bundle)) await output.write(`${await verifySpeaker(bundle)}\n`);
}

/** A line about the vocoder. @throws PipelineError `SYLSTREAM_ERR_SPEAK` where its frames are not the golden ones */
async function verifySpeaker(bundle: Bundle): Promise<string> {
  const speaker = await createUnitSpeaker(bundle);
  try {
    const { units, frames, largest } = await checkSpeakGolden(bundle, speaker);
    if (!(largest <= MAX_FRAME_DIFFERENCE)) {
      throw new PipelineError(
        'SYLSTREAM_ERR_SPEAK',
        `expected the ${frames} golden frames of ${bundle.directory}/speak within ${MAX_FRAME_DIFFERENCE}, ` +
          `got one ${largest.toFixed(4)} off; fetch or export the bundle again`,
      );
    }
    return `${'speak'.padEnd(11)} ${frames} golden frames of ${units} units, no value further off than ${largest.toExponential(1)}`;
  } finally {
    await speaker.close();
  }
}

/** A line about the language model. @throws PipelineError `SYLSTREAM_ERR_LM` where it is not the golden one's like */
async function verifyLm(
  bundle: Bundle,
  lm: UnitLm,
  precision: keyof typeof MAX_DIFFERENCE,
): Promise<string> {
  const { units, largest, mean, goldenMean } = await checkLmGolden(bundle, lm);
  if (!(Math.abs(mean - goldenMean) <= MAX_DIFFERENCE[precision])) {
    throw new PipelineError(
      'SYLSTREAM_ERR_LM',
      `expected ${goldenMean.toFixed(4)} as the mean log-probability of the golden units of ${bundle.directory}/lm, ` +
        `got ${mean.toFixed(4)} at ${precision}; fetch or export the bundle again`,
    );
  }
  const name = `lm ${precision}`.padEnd(11);
  return `${name} ${units} golden units: mean log-probability ${mean.toFixed(4)}, golden ${goldenMean.toFixed(4)}, none further off than ${largest.toExponential(1)}`;
}

/** A line about the head. @throws PipelineError `SYLSTREAM_ERR_ENCODER` where it does not say what the golden one says */
async function verifyHead(models: Models, precision: keyof typeof MAX_DIFFERENCE): Promise<string> {
  const head = await loadHead(models.bundle);
  try {
    const { expected, found, largest } = await checkHeadGolden(models, head);
    if (found !== expected || largest > MAX_HEAD_DIFFERENCE) {
      throw new PipelineError(
        'SYLSTREAM_ERR_ENCODER',
        `expected the ${expected} golden windows of ${head.directory} within ${MAX_HEAD_DIFFERENCE} at ${precision}, ` +
          `got ${found} of them, ${largest.toFixed(4)} off; fetch or export the bundle again`,
      );
    }
    const name = `head ${precision}`.padEnd(11);
    return `${name} ${found} of ${expected} golden windows of ${head.name}, no probability further off than ${largest.toExponential(1)}`;
  } finally {
    await head.close();
  }
}
