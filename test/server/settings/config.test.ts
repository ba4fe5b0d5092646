import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { isLoopback } from '../../../server/address/loopback.ts';
import { checkBind } from '../../../server/settings/bind.ts';
import {
  printConfig,
  readConfig,
  serviceLinks,
  variableOf,
} from '../../../server/settings/config.ts';
import { SETTINGS } from '../../../server/settings/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
}

const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: 'SYLSTREAM_ERR_CONFIG',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('readConfig', () => {
  it('lets flags win over the environment, that over the file, and that over defaults', () => {
    const path = file('{"port": 1, "idleMs": 1000, "pingMs": 2000}');
    const env = {
      SYLSTREAM_PORT: '2',
      SYLSTREAM_IDLE_MS: '3000',
      HOME: '/',
      SYLSTREAM_REQUIRE: '',
    };
    const settings = readConfig({ file: path, env, flags: { port: '3', host: undefined } });
    expect(settings).toMatchObject({ port: 3, idleMs: 3000, pingMs: 2000, host: '127.0.0.1' });
  });

  it('reads flags in every spelling', () => {
    for (const [text, isSet] of [
      ['yes', true],
      ['1', true],
      ['no', false],
      ['false', false],
    ] as const) {
      expect(readConfig({ env: { SYLSTREAM_INSECURE: text } }).insecure).toBe(isSet);
    }
  });

  it('is frozen, lists too', () => {
    const settings = readConfig({ env: { SYLSTREAM_ORIGINS: 'http://a,http://b' } });
    expect(settings.origins).toEqual(['http://a', 'http://b']);
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.origins)).toBe(true);
  });

  it.each([
    ['an unknown flag', { flags: { nope: 1 } }, /command line.*"nope"/],
    ['an unknown variable', { env: { SYLSTREAM_NOPE: '1' } }, /environment.*"SYLSTREAM_NOPE"/],
    ['a number below its range', { flags: { idleMs: 9 } }, /idleMs.*from 10 to .*got 9/],
    ['a number above its range', { flags: { port: 65_536 } }, /port.*from 0 to 65535/],
    ['a fraction for an integer', { flags: { port: 1.5 } }, /port.*a whole number/],
    ['empty text for a number', { env: { SYLSTREAM_PORT: '' } }, /port/],
    ['text that is no number', { env: { SYLSTREAM_PORT: 'x' } }, /port.*"x"/],
    [
      'a flag that is neither yes nor no',
      { flags: { insecure: 'perhaps' } },
      /insecure.*true or false/,
    ],
    ['a choice that is none', { flags: { precision: 'fp16' } }, /precision.*int8, fp32/],
    ['a list with a wrong item', { flags: { providers: 'cpu,tpu' } }, /providers/],
    ['an origin without a scheme', { flags: { origins: 'app.example' } }, /origins.*https:\/\//],
    ['an origin with a path', { flags: { origins: ['https://a/'] } }, /origins.*"https:\/\/a\/"/],
    ['a host with a port', { flags: { hosts: 'app.example:80' } }, /hosts.*without port/],
    ['a proxy by name', { flags: { trustProxy: 'nginx' } }, /trustProxy.*10\.0\.0\.0\/8/],
    ['a token that no header can carry', { flags: { token: 'a b' } }, /token.*must be.*\*\*\*/],
    ['an empty token of the environment', { env: { SYLSTREAM_TOKEN: '' } }, /token.*empty/],
    ['a number where text belongs', { flags: { host: 1 } }, /host.*text/],
  ])('refuses %s', (_name, sources, message) => {
    expect(() => readConfig(sources)).toThrow(refusal(message));
  });

  it.each([
    ['half of its JSON', '{', /not valid JSON/],
    ['a comma too many', '{\n  "port": 1,\n}', /not valid JSON \(line 3, column 1\)/],
    ['nothing', ' \n', /is empty/],
    ['bytes that are no UTF-8', Buffer.from('{"host": "\xff"}', 'latin1'), /not UTF-8/],
    ['a list', '[]', /must hold a JSON object.*a list/],
    ['an unknown name', '{"idle": 1}', /the file .*"idle"/],
  ])('refuses a file with %s', (_name, content, message) => {
    expect(() => readConfig({ file: file(content) })).toThrow(refusal(message));
  });

  it('refuses a file that is not there', () => {
    expect(() => readConfig({ file: join(folder, 'none.json') })).toThrow(
      refusal(/none.json cannot be read: there is no such file/),
    );
  });

  it('refuses a folder, and says that it is one', () => {
    expect(() => readConfig({ file: folder })).toThrow(refusal(/it is a folder/));
  });

  it('takes a file with a byte order mark', () => {
    expect(readConfig({ file: file('\uFEFF{"port": 1}') }).port).toBe(1);
  });

  it('quotes nothing of a damaged file: it may hold a token', () => {
    const path = file('{"token": very-secret}');
    try {
      readConfig({ file: path });
      expect.unreachable();
    } catch (error) {
      expect(inspect(error)).not.toContain('secret');
    }
  });

  it('ignores what a cluster says of a service with our name, and nothing else', () => {
    const links = {
      SYLSTREAM_PORT: 'tcp://10.0.0.1:8990',
      SYLSTREAM_SERVICE_HOST: '10.0.0.1',
      SYLSTREAM_SERVICE_PORT: '8990',
      SYLSTREAM_SERVICE_PORT_HTTP: '8990',
      SYLSTREAM_PORT_8990_TCP: 'tcp://10.0.0.1:8990',
      SYLSTREAM_PORT_8990_TCP_PROTO: 'tcp',
      SYLSTREAM_PORT_8990_TCP_PORT: '8990',
      SYLSTREAM_PORT_8990_TCP_ADDR: '10.0.0.1',
      SYLSTREAM_API_SERVICE_HOST: '10.0.0.2',
      SYLSTREAM_API_PORT: 'tcp://10.0.0.2:80',
      SYLSTREAM_DNS_PORT_53_UDP: 'udp://10.0.0.3:53',
    };
    const env = { ...links, SYLSTREAM_IDLE_MS: '1234', OTHER_SERVICE_HOST: 'x' };
    expect(readConfig({ env })).toEqual(readConfig({ flags: { idleMs: 1234 } }));
    expect(serviceLinks(env)).toEqual(Object.keys(links).sort());
    expect(serviceLinks({ SYLSTREAM_PORT: '8990', SYLSTREAM_NOPE: '1' })).toEqual([]);
    expect(() => readConfig({ env: { SYLSTREAM_PORT: 'tcp' } })).toThrow(refusal(/port/));
  });

  it('takes its own output back, default by default', () => {
    const printed = JSON.parse(printConfig(readConfig())) as Record<string, unknown>;
    expect(readConfig({ flags: printed })).toEqual(readConfig());
  });

  it('gives every setting a variable of its own and a default within its range', () => {
    expect(new Set(SETTINGS.map(({ name }) => variableOf(name))).size).toBe(SETTINGS.length);
    for (const { name, default: value } of SETTINGS) {
      expect(readConfig({ flags: { [name]: value } })[name]).toEqual(value);
    }
  });
});

describe('printConfig', () => {
  it('masks tokens, and refusals do not print them either', () => {
    const settings = readConfig({ env: { SYLSTREAM_TOKEN: 'very-secret' } });
    expect(printConfig(settings)).not.toContain('very-secret');
    expect(JSON.parse(printConfig(settings))).toMatchObject({ token: '***' });
    expect(() => readConfig({ flags: { tokenHashes: 'very-secret' } })).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining('very-secret') as string,
      }) as Error,
    );
  });
});

describe('checkBind', () => {
  const tls = { tlsCert: 'a.pem', tlsKey: 'b.pem' };
  it.each([
    ['loopback', { host: '127.0.0.1' }, true],
    ['another loopback', { host: '127.9.9.9' }, true],
    ['IPv6 loopback', { host: '::1' }, true],
    ['all addresses', { host: '0.0.0.0' }, false],
    ['all addresses with a token alone', { host: '0.0.0.0', token: 't' }, false],
    ['all addresses with TLS alone', { host: '::', ...tls }, false],
    ['all addresses with both', { host: '0.0.0.0', token: 't', ...tls }, true],
    ['all addresses, told so', { host: '0.0.0.0', insecure: true }, true],
    ['a name', { host: 'example.org' }, false],
    ['half of TLS', { host: '127.0.0.1', tlsCert: 'a.pem' }, false],
  ])('%s: %o → %s', (_name, flags, isFine) => {
    const act = (): void => checkBind(readConfig({ flags }));
    if (isFine) expect(act).not.toThrow();
    else expect(act).toThrow(refusal(/./));
  });

  it('knows loopback in every spelling', () => {
    expect(['localhost', '::ffff:127.0.0.1', '127.0.0.2'].every(isLoopback)).toBe(true);
    expect(['127.evil.example', '10.0.0.1', '', '::2'].some(isLoopback)).toBe(false);
  });
});

describe('docs/protocol.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');
  const rows = new Map(
    [...text.matchAll(/^\| `(\w+)` \| (\d[\d.]*)/gm)].map((match) => [match[1], Number(match[2])]),
  );

  it('lists every limit with its default', () => {
    const limits = SETTINGS.filter(
      ({ name, kind }) =>
        (kind === 'integer' || kind === 'number') && !['port', 'workers'].includes(name),
    );
    expect([...rows.keys()].sort()).toEqual(limits.map(({ name }) => name).sort());
    for (const { name, default: value } of limits) expect(rows.get(name), name).toBe(value);
  });
});
