import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command, Option } from 'commander';
import { availableCores } from '../models/inference/cores.ts';
import { importEngine } from '../models/inference/importEngine.ts';
import { readBundle, defaultBundle } from '../models/bundle/manifest.ts';
import { probeMicrophones } from '../streams/microphone/probeMicrophones.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { openOutput } from './output.ts';
import { probeProvider, type ProviderRefusal } from './probeProvider.ts';
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
      const tried = [runtime(), bundle(folder), providers(folder), ffmpeg(), microphones()];
      const findings = [...node(), ...(await Promise.all(tried)).flat()];
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
  const machine = `${process.platform} ${process.arch}, ${availableCores()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.versions.node} on ${machine}`;
  if (fits) return [{ what: 'node', state: 'ok', detail }];
  return [{ what: 'node', state: 'fail', detail, advice: 'install Node 20.19 or later' }];
}

/** The engine: found, and its native library loads. */
async function runtime(): Promise<Finding[]> {
  const what = 'onnxruntime-node';
  try {
    await importEngine(() => import('../models/inference/onnx.ts'));
    const path = createRequire(import.meta.url).resolve(what);
    const root = path.slice(0, path.lastIndexOf(what) + what.length);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return [{ what, state: 'ok', detail: version }];
  } catch (error) {
    const advice = 'see SYLSTREAM_ERR_ENGINE in docs/errors.md';
    return [{ what, state: 'fail', detail: errorLine(error), advice }];
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
    const refused = await probeProvider(folder, name);
    findings.push({ what: `provider ${name}`, ...verdict(name === 'cpu', refused) });
  }
  return findings;
}

function verdict(isNeeded: boolean, refused: ProviderRefusal | undefined): Omit<Finding, 'what'> {
  if (refused === undefined) return { state: 'ok', detail: 'runs the encoder' };
  const detail = refusal(refused);
  if (isNeeded) return { state: 'fail', detail, advice: 'see onnxruntime-node and bundle above' };
  return { state: 'warn', detail, advice: 'not needed: the processor does the work' };
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
function refusal({ code, message }: ProviderRefusal): string {
  const line = message.replaceAll(/\s*\n\s*/g, ' ');
  const [, inside] = /\((?:cuda|webgpu|cpu): (.*)\)/.exec(line) ?? [];
  return inside?.split(/[.:] (?=[A-Z])/).at(-1) ?? `${code} ${line}`;
}
