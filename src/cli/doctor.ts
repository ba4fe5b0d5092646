import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command, Option } from 'commander';
import { loadModels } from '../models/loadModels.ts';
import { readBundle, defaultBundle } from '../models/manifest.ts';
import { packageRoot } from '../models/packageRoot.ts';
import { probeMicrophones } from '../streams/microphone/probeMicrophones.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { openOutput } from './output.ts';
import { errorLine } from './report.ts';

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  /** `fail` keeps recordings from being tokenized; `warn` keeps something else from working. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do, where something is to be done. */
  readonly advice?: string;
}

interface DoctorOptions {
  readonly bundle: string;
  readonly json?: boolean;
}

const MARKS = { ok: ' ok ', warn: 'warn', fail: 'FAIL' } as const;

/** `sylstream doctor`: what is installed here, which providers run, and what to do about the rest. */
export function doctorCommand(setStatus: (code: ExitCode) => void): Command {
  return new Command('doctor')
    .description('look at what is installed, try every provider and microphone, say what to do')
    .addOption(
      new Option('--bundle <folder>', 'model bundle').default(defaultBundle(), "the package's own"),
    )
    .option('--json', 'print a list of {what, state, detail, advice}')
    .action(async (options: DoctorOptions) => {
      const { bundle: folder } = options;
      const tried = [bundle(folder), providers(folder), ffmpeg(), microphones()];
      const findings = [...node(), ...runtime(), ...(await Promise.all(tried)).flat()];
      const output = await openOutput();
      await output.write(options.json ? `${JSON.stringify(findings)}\n` : text(findings));
      if (findings.some(({ state }) => state === 'fail')) setStatus(EXIT.model);
    });
}

function text(findings: readonly Finding[]): string {
  return findings
    .map(({ what, state, detail, advice }) => {
      const line = `[${MARKS[state]}] ${what.padEnd(22)} ${detail}\n`;
      return advice === undefined ? line : `${line}${' '.repeat(30)}→ ${advice}\n`;
    })
    .join('');
}

function node(): Finding[] {
  const machine = `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.versions.node} on ${machine}`;
  if (fits) return [{ what: 'node', state: 'ok', detail }];
  return [{ what: 'node', state: 'fail', detail, advice: 'install Node 20.19 or later' }];
}

function runtime(): Finding[] {
  const what = 'onnxruntime-node';
  try {
    const path = createRequire(import.meta.url).resolve(what);
    const root = path.slice(0, path.lastIndexOf(what) + what.length);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return [{ what, state: 'ok', detail: version }];
  } catch (error) {
    return [
      {
        what,
        state: 'fail',
        detail: errorLine(error),
        advice: `run npm install in ${packageRoot()}`,
      },
    ];
  }
}

async function bundle(folder: string): Promise<Finding[]> {
  const what = 'bundle';
  try {
    const { manifest, hash, directory } = await readBundle(folder);
    const detail = `${manifest.name} ${manifest.version}, ${hash.slice(0, 12)}, ${directory}`;
    return [{ what, state: 'ok', detail }];
  } catch (error) {
    return [
      { what, state: 'fail', detail: errorLine(error), advice: 'name a whole one with --bundle' },
    ];
  }
}

/** Each provider loads the bundle for itself; only the processor has to. */
async function providers(folder: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of ['cpu', 'cuda', 'webgpu'] as const) {
    const what = `provider ${name}`;
    try {
      const models = await loadModels({ bundle: folder, providers: [name], workers: 1 });
      await models.close();
      findings.push({ what, state: 'ok', detail: 'runs the encoder' });
    } catch (error) {
      const detail = refusal(error);
      if (name === 'cpu')
        findings.push({ what, state: 'fail', detail, advice: 'see the bundle above' });
      else
        findings.push({
          what,
          state: 'warn',
          detail,
          advice: 'not needed: the processor does the work',
        });
    }
  }
  return findings;
}

async function ffmpeg(): Promise<Finding[]> {
  const what = 'ffmpeg';
  try {
    const { stdout } = await promisify(execFile)(what, ['-version']);
    return [{ what, state: 'ok', detail: stdout.split('\n')[0] }];
  } catch {
    const advice = 'install ffmpeg for anything but WAV and raw PCM';
    return [{ what, state: 'warn', detail: 'not installed', advice }];
  }
}

async function microphones(): Promise<Finding[]> {
  const probes = await probeMicrophones();
  const none = probes.every(({ failure }) => failure !== undefined);
  const advice = 'connect a microphone; install pulseaudio-utils (parec) or alsa-utils (arecord)';
  const last = probes.length - 1;
  return probes.map(({ source, failure }, n) => ({
    what: `microphone ${source}`,
    state: failure === undefined ? 'ok' : 'warn',
    detail: failure ?? 'records',
    ...(none && n === last ? { advice } : {}),
  }));
}

/** The end of what ONNX Runtime says in the brackets of SYLSTREAM_ERR_PROVIDER; any other error as it is. */
function refusal(error: unknown): string {
  const line = errorLine(error);
  const [, inside] = /\((?:cuda|webgpu|cpu): (.*)\)/.exec(line) ?? [];
  return inside?.split(/[.:] (?=[A-Z])/).at(-1) ?? line;
}
