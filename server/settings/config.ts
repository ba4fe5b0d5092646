import { between, whole } from '../../src/core/check.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { readConfigFile } from './configFile.ts';
import { isServiceLink } from './serviceLinks.ts';
import { SETTINGS } from './settings.ts';
import type { Setting, Settings } from './settings.ts';

/** Where settings come from; a later one wins: defaults < file < environment < flags. */
export interface ConfigSources {
  /** Path of a JSON file with settings by name. */
  readonly file?: string | undefined;
  /** `SYLSTREAM_IDLE_MS` sets `idleMs`; lists are separated by commas. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By name; text is read as from the environment. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** Variables with the prefix that are no settings. */
const OTHER_VARIABLES = new Set(['SYLSTREAM_REQUIRE', 'SYLSTREAM_CONFIG']);
const PREFIX = 'SYLSTREAM_';
const YES: readonly string[] = ['true', 'yes', '1'];
const NO: readonly string[] = ['false', 'no', '0'];

/**
 * Reads, checks and freezes the settings. Throws `SYLSTREAM_ERR_CONFIG` for an unknown name, a value of the wrong
 * kind or out of range, or a file that is not a JSON object; the message says which, where and what is allowed.
 */
export function readConfig(sources: ConfigSources = {}): Settings {
  const merged = new Map<string, unknown>(SETTINGS.map((each) => [each.name, each.default]));
  for (const [origin, values] of layers(sources)) {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const setting = SETTINGS.find((each) => each.name === name);
      if (setting === undefined) {
        throw configError(`${origin} has an unknown setting "${name}"; known are ${namesOf()}`);
      }
      merged.set(name, Object.freeze(checked(setting, value, origin)));
    }
  }
  return Object.freeze(Object.fromEntries(merged)) as unknown as Settings;
}

/** The environment's name of a setting: `idleMs` → `SYLSTREAM_IDLE_MS`. */
export function variableOf(name: string): string {
  return PREFIX + name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

/** The variables with our prefix that a cluster sets for its services; they are no settings and count for nothing. */
export function serviceLinks(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith(PREFIX) && isServiceLink(name, value))
    .map(([name]) => name)
    .sort();
}

/** The settings as JSON text, secrets masked. */
export function printConfig(settings: Settings): string {
  const secrets = new Set(SETTINGS.filter((each) => each.secret).map((each) => each.name));
  const shown = Object.entries(settings).map(([name, value]: [string, unknown]) => {
    const hide = secrets.has(name as keyof Settings) && String(value) !== '';
    return [name, hide ? '***' : value];
  });
  return JSON.stringify(Object.fromEntries(shown), undefined, 2);
}

function layers({ file, env = {}, flags = {} }: ConfigSources): [string, object][] {
  const known = new Map(SETTINGS.map((each) => [variableOf(each.name), each.name]));
  const fromEnv = Object.entries(env)
    .filter(([name]) => name.startsWith(PREFIX) && !OTHER_VARIABLES.has(name))
    .filter(([name, value]) => !isServiceLink(name, value))
    .map(([name, value]) => [known.get(name) ?? name, value]);
  for (const { name } of SETTINGS.filter(({ secret }) => secret)) {
    if (env[variableOf(name)] !== '') continue; // a secret that failed to arrive must not open the server
    throw configError(
      `${name} of the environment is empty; unset ${variableOf(name)} if none is meant`,
    );
  }
  return [
    ...(file === undefined ? [] : [[`the file ${file}`, readConfigFile(file)] as [string, object]]),
    ['the environment', Object.fromEntries(fromEnv) as object],
    ['the command line', flags],
  ];
}

function checked(setting: Setting, value: unknown, origin: string): unknown {
  const refuse = (rule: string): never => {
    const shown = setting.secret ? '***' : JSON.stringify(value);
    throw configError(`${setting.name} of ${origin} must be ${rule}, got ${shown}`);
  };
  switch (setting.kind) {
    case 'text':
      if (typeof value !== 'string') return refuse('text');
      if (setting.choices && !setting.choices.includes(value)) {
        return refuse(`one of ${setting.choices.join(', ')}`);
      }
      if (setting.items?.fits(value) === false) return refuse(setting.items.like);
      return value;
    case 'flag':
      if (value === true || YES.includes(value as string)) return true;
      if (value === false || NO.includes(value as string)) return false;
      return refuse('true or false (yes, no, 1, 0)');
    case 'list': {
      const items: unknown = typeof value === 'string' ? itemsOf(value) : value;
      const { fits = () => true, like } = setting.items ?? {};
      if (!Array.isArray(items) || !items.every((item) => typeof item === 'string' && fits(item))) {
        return refuse(`a list of ${like ?? 'texts'}`);
      }
      return [...(items as string[])];
    }
    default: {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const rule = (setting.kind === 'integer' ? whole : between)(setting.min, setting.max);
      return typeof number === 'number' && rule.holds(number) ? number : refuse(rule.says);
    }
  }
}

function itemsOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

function namesOf(): string {
  return SETTINGS.map((each) => each.name).join(', ');
}

function configError(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CONFIG', message);
}
