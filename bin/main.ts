import { serveCommand } from '../server/serveCommand.ts';
import { run } from '../src/cli/main.ts';
import type { ExitCode } from '../src/cli/exitCodes.ts';

/** The whole command `sylstream`: the command line's own commands and the server's, which know nothing of each other. */
export function sylstream(argv: readonly string[]): Promise<ExitCode> {
  return run(argv, [serveCommand()]);
}
