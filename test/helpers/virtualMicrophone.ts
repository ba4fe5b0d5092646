import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where Debian's ALSA keeps its own configuration; ours includes it. */
const ALSA_CONFIG = '/usr/share/alsa/alsa.conf';

/** Whether naudiodon was compiled here. */
export function naudiodonIsHere(): boolean {
  const built = resolve(
    import.meta.dirname,
    '../../node_modules/naudiodon/build/Release/naudiodon.node',
  );
  return existsSync(built) && existsSync(ALSA_CONFIG);
}

/** A fresh folder for the files of one test. */
export function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'sylstream-'));
}

/**
 * A machine whose only microphone is a file: ALSA's `file` plug-in plays s16le bytes, as fast as they are read, into
 * the default device. Returns the environment of such a machine.
 */
export function fileMicrophone(pcm: Uint8Array): NodeJS.ProcessEnv {
  const folder = scratch();
  const input = join(folder, 'in.raw');
  writeFileSync(input, pcm);
  const device = `{ type file slave.pcm "null" file "/dev/null" infile "${input}" format raw hint { show on description "File" } }`;
  const config = `<${ALSA_CONFIG}>\npcm.!default ${device}\n`;
  return { ...withoutSound(), ALSA_CONFIG_PATH: written(folder, 'asound.conf', config) };
}

/** A machine whose loudspeaker is a file, which every player begins anew, as fast as it is written; its microphone as above. */
export function fileLoudspeaker(pcm: Uint8Array = new Uint8Array(0)): {
  readonly env: NodeJS.ProcessEnv;
  /** What was played last. */
  readonly played: () => Uint8Array;
} {
  const folder = scratch();
  const [input, output] = ['in.raw', 'out.raw'].map((name) => join(folder, name));
  writeFileSync(input, pcm);
  writeFileSync(output, '');
  const device = (file: string, infile: string): string =>
    `{ type file slave.pcm "null" file "${file}" infile "${infile}" format raw hint { show on description "File" } }`;
  const both = `{ type asym playback.pcm ${device(output, '/dev/null')} capture.pcm ${device('/dev/null', input)} hint { show on description "Both" } }`;
  const config = `<${ALSA_CONFIG}>\npcm.!default ${both}\n`;
  const env = { ...withoutSound(), ALSA_CONFIG_PATH: written(folder, 'asound.conf', config) };
  return { env, played: () => new Uint8Array(readFileSync(output)) };
}

/** The environment of a machine without any microphone: PortAudio aborts its process there. */
export function withoutSound(): NodeJS.ProcessEnv {
  const folder = scratch();
  return {
    ALSA_CONFIG_PATH: written(folder, 'asound.conf', '# no devices\n'),
    PULSE_SERVER: `unix:${join(folder, 'nothing')}`,
    XDG_RUNTIME_DIR: folder,
  };
}

/** A folder with programs of these names, each a shell script. */
export function programs(scripts: Readonly<Record<string, string>>): string {
  const folder = scratch();
  for (const [name, body] of Object.entries(scripts)) {
    chmodSync(written(folder, name, `#!/bin/sh\n${body}\n`), 0o755);
  }
  return folder;
}

/** A PulseAudio server of our own with one virtual microphone, which hears what is played into it. */
export interface SoundServer {
  /** The environment in which programs find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly stop: () => void;
}

/**
 * Starts PulseAudio with a null sink at 48 kHz whose monitor is the default microphone, also for ALSA programs. Its
 * resampler is a good one: the default alone changes the spectrum above 6 kHz by more than what is tested here.
 */
export async function startSoundServer(): Promise<SoundServer> {
  const folder = scratch();
  const socket = join(folder, 'native');
  const script = [
    `load-module module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
    'load-module module-null-sink sink_name=virtmic rate=48000',
    'set-default-source virtmic.monitor',
    'set-default-sink virtmic',
  ].join('\n');
  const path = written(folder, 'default.pa', `${script}\n`);
  const device = `{ type pulse server "unix:${socket}" hint { show on description "Pulse" } }`;
  const config = `<${ALSA_CONFIG}>\npcm.!default ${device}\nctl.!default ${device}\n`;
  const env = {
    ALSA_CONFIG_PATH: written(folder, 'asound.conf', config),
    PULSE_SERVER: `unix:${socket}`,
    XDG_RUNTIME_DIR: folder,
    HOME: folder,
  };
  const server = spawn(
    'pulseaudio',
    [
      '-n',
      '-F',
      path,
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--use-pid-file=no',
      '--resample-method=speex-float-10',
    ],
    { env: { ...process.env, ...env }, stdio: 'ignore' },
  );
  const stop = (): void => void server.kill('SIGKILL');
  const died = new Promise<never>((_, reject) => {
    server.on('error', reject);
    server.on('exit', (status) => reject(new Error(`pulseaudio ended with ${status}`)));
  });
  died.catch(() => undefined);
  await Promise.race([died, answering(env)]);
  return { env, stop };
}

/** Resolves when the server answers `pactl info`. */
async function answering(env: NodeJS.ProcessEnv): Promise<void> {
  for (;;) {
    const probe = spawn('pactl', ['info'], { env: { ...process.env, ...env }, stdio: 'ignore' });
    const status = await new Promise((done) => probe.on('close', done));
    if (status === 0) return;
  }
}

function written(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
