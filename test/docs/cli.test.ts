import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serveCommand } from '../../server/serveCommand.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { createProgram } from '../../src/cli/main.ts';

const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const section = (name: string): string => text.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
/** What a command's section says, and those of options that it points to because other commands take them too. */
const said = (name: string): string =>
  [name, ...SHARED.filter((one) => section(name).includes(`](#${anchor(one)})`))]
    .map(section)
    .join('\n');
const SHARED = ['Options of audio', 'Options of the engine'];
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');
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
    expect(said(name)).toContain(`\`${option}\``);
  });

  it('promises no shared options that a command does not take', () => {
    const promised = SHARED.flatMap((one) =>
      documented
        .filter((command) => section(command.name()).includes(`](#${anchor(one)})`))
        .flatMap((command) => {
          const taken = command.options.map(({ long }) => long!);
          return optionsIn(section(one))
            .filter((option) => !taken.includes(option))
            .map((option) => `${command.name()} ${option}`);
        }),
    );
    expect(promised).toEqual([]);
  });

  it('names no option that is gone', () => {
    const known = [...commands, ...commands.flatMap((command) => command.commands)];
    const options = known.flatMap((command) => command.options.map((option) => option.long!));
    const always = ['--help', '--version', '--verbose'];
    expect(optionsIn(text).filter((option) => ![...options, ...always].includes(option))).toEqual(
      [],
    );
  });

  it.each(Object.entries(EXIT))('has a row for the exit status of %s', (_name, status) => {
    expect(text).toContain(`\n| ${status} | `);
  });
});

function optionsIn(part: string): string[] {
  return [...part.matchAll(/`(--[a-z-]+)`/g)].map(([, option]) => option);
}
