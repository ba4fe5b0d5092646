import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TINY } from './bundles.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/bin/main.js');
const FROM_SOURCE =
  "import('./bin/main.ts').then(({sylstream})=>sylstream(process.argv.slice(1))).then((c)=>{process.exitCode=c})";

/** How a command ended and what it said. */
export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `sylstream()`. */
export interface CliOptions {
  /** What stands on standard input; default nothing. */
  readonly input?: Uint8Array;
  /** Leaves standard input open behind `input`. */
  readonly keepOpen?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** A file descriptor for standard input, instead of `input`. */
  readonly stdin?: number;
  /** A file descriptor for standard output; what it takes is not in the result. */
  readonly stdout?: number;
  /** Told the process once it runs, and every piece of its standard output. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
}

/** Options that every command with an engine gets here: the tiny bundle. */
export const ENGINE: readonly string[] = ['--bundle', TINY, '--workers', '1'];

/** Runs the command line as a process of its own: the built one, or the sources while `dist` is older than they are. */
export function sylstream(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const node = isBuilt()
    ? [join(ROOT, 'bin/sylstream.js')]
    : ['--import', 'tsx', '-e', FROM_SOURCE, '--'];
  const child = spawn(process.execPath, [...node, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: [options.stdin ?? 'pipe', options.stdout ?? 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  child.stdin?.on('error', () => undefined); // a command that ends early does not read it
  child.stdin?.write(options.input ?? '');
  if (!options.keepOpen) child.stdin?.end();
  options.onStart?.(child);
  return new Promise((done) => {
    child.on('close', (status, signal) => done({ status, signal, ...said }));
  });
}

/** The JSON lines of an output. */
export function jsonLines<T>(text: string): T[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error(`the last line does not end: ${text.slice(-80)}`);
  return lines.map((line) => JSON.parse(line) as T);
}

/** Whether `dist` is as new as the sources. */
export function isBuilt(): boolean {
  const built = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ['src', 'server', 'bin'].every((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.ts'))
      .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs <= built),
  );
}
