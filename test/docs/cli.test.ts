import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serveCommand } from '../../server/serveCommand.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { createProgram } from '../../src/cli/main.ts';

const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const section = (name: string): string => text.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
const { commands } = createProgram(() => undefined, [serveCommand()]);

describe('docs/cli.md', () => {
  it.each(commands.map((command) => command.name()))('has a section for %s', (name) => {
    expect(section(name).length).toBeGreaterThan(100);
  });

  // `serve --help` lists the settings of the server.
  const documented = commands.filter((command) => command.name() !== 'serve');
  it.each(
    documented.flatMap((command) =>
      [command, ...command.commands].flatMap(({ options }) =>
        options.map((option) => [command.name(), option.long!] as const),
      ),
    ),
  )('says of %s what %s is', (name, option) => {
    expect(section(name)).toContain(`\`${option}\``);
  });

  it('names no option that is gone', () => {
    const known = [...commands, ...commands.flatMap((command) => command.commands)];
    const options = known.flatMap((command) => command.options.map((option) => option.long!));
    const named = [...text.matchAll(/`(--[a-z-]+)`/g)].map(([, option]) => option);
    const always = ['--help', '--version', '--verbose'];
    expect(named.filter((option) => ![...options, ...always].includes(option))).toEqual([]);
  });

  it.each(Object.entries(EXIT))('has a row for the exit status of %s', (_name, status) => {
    expect(text).toContain(`\n| ${status} | `);
  });
});
