import { variableOf } from '../../server/settings/config.ts';
import { SETTINGS } from '../../server/settings/settings.ts';
import { code, table } from './tables.ts';

/** Every setting of the server: its name in a file, its variable, its default and range. */
export function settingPage(): string {
  const rows = SETTINGS.map((setting) => [
    code(setting.name),
    code(variableOf(setting.name)),
    code(String(setting.default)),
    'min' in setting ? `${setting.min} to ${setting.max}` : '',
    setting.about,
  ]);
  const head = ['in a file', 'in the environment', 'default', 'range', 'meaning'];
  return `# Settings of the server\n\n${INTRO}\n\n${table(head, rows)}\n`;
}

const INTRO =
  'Each may stand in the JSON file of `--config`, in the environment, or among the flags of `sylstream serve` (`--idle-ms` for `idleMs`); [Running the server](../server.md#settings) says which wins.';
