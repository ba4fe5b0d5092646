import { execFile, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { present } from './require.ts';

/** The Python that has the packages of training/: `SYLSTREAM_PYTHON`, else `python3`. */
export const PYTHON: string = process.env['SYLSTREAM_PYTHON'] ?? 'python3';

/** Whether Python can import a package; said aloud when it cannot. */
export function pythonWith(module: string): boolean {
  const { status } = spawnSync(PYTHON, ['-c', `import ${module}`]);
  return present(`${module} in ${PYTHON} (SYLSTREAM_PYTHON names another)`, status === 0);
}

const ROOT = resolve(import.meta.dirname, '../..');
/** What Python programs here run with: the sources of `sylstream-client`. */
export const PYTHON_ENV: NodeJS.ProcessEnv = {
  ...process.env,
  PYTHONPATH: join(ROOT, 'packages/python/src'),
};

/** Runs `examples/python` with arguments, in its folder; rejects with what it printed when it fails. */
export function pythonExample(
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const cwd = join(ROOT, 'examples/python');
  return promisify(execFile)(PYTHON, [...args], { cwd, env: PYTHON_ENV });
}

/** Runs a program text and returns what it prints; throws with its errors when it fails. */
export function runPython(text: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', text, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${PYTHON} ended with ${status}: ${stderr}`);
  return stdout;
}
