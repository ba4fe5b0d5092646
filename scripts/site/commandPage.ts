import type { Command } from 'commander';
import { code, table } from './tables.ts';

/** Every command with its arguments and options, as commander knows them. */
export function commandPage(commands: readonly Command[]): string {
  const parts = commands.flatMap((command) => [
    section(command, 'sylstream', '##'),
    ...command.commands.map((sub) => section(sub, `sylstream ${command.name()}`, '###')),
  ]);
  const intro =
    'Every command and option, as `--help` lists them. [The command line](../cli.md) explains them.';
  return `# Commands and options\n\n${intro}\n\n${parts.join('\n\n')}\n`;
}

function section(command: Command, parent: string, level: string): string {
  const usage = `${parent} ${command.name()} ${command.usage()}`.trim();
  const rows = command.options.map(({ flags, description, defaultValue }) => [
    code(flags),
    defaultValue === undefined ? '' : code(shown(defaultValue)),
    description,
  ]);
  return [
    `${level} ${command.name()}`,
    sentence(command.description()),
    `\`\`\`sh\n${usage}\n\`\`\``,
    ...(rows.length === 0 ? [] : [table(['option', 'default', 'meaning'], rows)]),
  ].join('\n\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A default as one would write it on the command line. */
function shown(value: unknown): string {
  return Array.isArray(value)
    ? value.join(',')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}
