import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a program and resolves once it runs. Where the system has no handle or process left, Node gives a child without
 * pipes and an `error` that ends the process if nobody listens: so it is heard here before anything else is touched.
 *
 * Rejects with the system's error when it cannot be started; an error after that is seen as the end of the child.
 */
export async function startProgram(
  program: string,
  args: readonly string[],
  stdio: StdioOptions,
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio });
  child.on('error', () => undefined); // a kill that fails: the child's end tells
  await once(child, 'spawn');
  return child;
}
