import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { present } from './require.ts';

/** The Python that has the packages of training/: `SYLSTREAM_PYTHON`, else `python3`. */
export const PYTHON: string = process.env['SYLSTREAM_PYTHON'] ?? 'python3';

/** Whether Python can import a package; said aloud when it cannot. */
export function pythonWith(module: string): boolean {
  const { status } = spawnSync(PYTHON, ['-c', `import ${module}`]);
  return present(`${module} in ${PYTHON} (SYLSTREAM_PYTHON names another)`, status === 0);
}

/** Runs `examples/python` with arguments, in its folder; rejects with what it printed when it fails. */
export function pythonExample(
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const cwd = resolve(import.meta.dirname, '../../examples/python');
  return promisify(execFile)(PYTHON, [...args], { cwd, env: process.env });
}

/** Runs a program text and returns what it prints; throws with its errors when it fails. */
export function runPython(text: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', text, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${PYTHON} ended with ${status}: ${stderr}`);
  return stdout;
}
