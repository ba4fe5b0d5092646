import { Command, Option } from 'commander';
import { createInterface } from 'node:readline';
import { hashToken } from './admission/auth.ts';
import { printConfig, readConfig, serviceLinks, variableOf } from './settings/config.ts';
import { startServer } from './main.ts';
import { SETTINGS } from './settings/settings.ts';
import type { Setting } from './settings/settings.ts';

const EPILOGUE = `
Settings come from defaults < the file of --config < the environment (SYLSTREAM_IDLE_MS sets --idle-ms) < flags;
an unknown one is an error. SIGTERM and SIGINT end the server in order: not ready, goaway, drain, exit 0.
Without a token everyone on this machine may connect and nobody else. docs/protocol.md describes the wire.

Examples:
  $ sylstream serve
  $ sylstream serve --port 0 --log-level silent
  $ openssl rand -hex 32 | tee token | sylstream serve --hash-token
  $ SYLSTREAM_TOKEN=$(cat token) sylstream serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem`;

/** Ctrl-C under npm comes twice, from the terminal and from npm: what comes so soon is the same signal. */
const ONE_GESTURE_MS = 500;

/** The command `sylstream serve`: every setting of the server is a flag of it. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('answer live streams over WebSockets, and show a page to try it')
    .option('--config <file>', 'JSON file with settings', process.env['SYLSTREAM_CONFIG'])
    .option('--print-config', 'print the settings, secrets masked, and exit')
    .option(
      '--hash-token',
      'read a token from standard input, print its hash for --token-hashes, and exit',
    )
    .addHelpText('after', EPILOGUE);
  for (const setting of SETTINGS) command.addOption(optionOf(setting));
  return command.action(serve);
}

interface Flags extends Record<string, unknown> {
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly hashToken?: boolean;
}

async function serve({
  config: file,
  printConfig: print,
  hashToken: hash,
  ...flags
}: Flags): Promise<void> {
  if (hash) return printHash();
  const settings = readConfig({ file, env: process.env, flags });
  if (print) return void process.stdout.write(`${printConfig(settings)}\n`);
  const [stop, cut] = [new AbortController(), new AbortController()];
  let isListening = false;
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstAt = performance.now();
      return stop.abort();
    }
    if (performance.now() - firstAt < ONE_GESTURE_MS) return;
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    if (isListening) cut.abort();
    else process.kill(process.pid, name); // the models are still loading: there is nothing to lose
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    await startServer({
      settings,
      serviceLinks: serviceLinks(process.env),
      signal: stop.signal,
      cutSignal: cut.signal,
      onListening({ url, capacity }) {
        isListening = true;
        process.stdout.write(`sylstream listens on ${url} (room for ${capacity} live streams)\n`);
      },
    });
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

async function printHash(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${hashToken(line.trim())}\n`);
    return;
  }
}

function optionOf(setting: Setting): Option {
  const name = variableOf(setting.name)
    .slice('SYLSTREAM_'.length)
    .toLowerCase()
    .replaceAll('_', '-');
  const about = `${setting.about} (default: ${JSON.stringify(setting.default)})`;
  if (setting.kind === 'flag') return new Option(`--${name} [yes-or-no]`, about).preset('true');
  return new Option(`--${name} <${setting.kind}>`, about);
}
