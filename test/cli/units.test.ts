import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { SMALL, TINY } from '../helpers/bundles.ts';
import { sylstream } from '../helpers/cli.ts';
import { present } from '../helpers/require.ts';
import { bundleWithCards } from '../helpers/unitCards.ts';

describe('sylstream units', () => {
  let directory = '';
  beforeAll(async () => {
    ({ directory } = await bundleWithCards());
  });

  test('prints the card of a unit', async () => {
    const { stdout } = await sylstream(['units', '1', '--bundle', directory]);
    expect(stdout).toContain('unit 1: 100.00 % of 80 units');
    expect(stdout).toMatch(/75 % {2}HH IH Z +his\n/);
    expect(stdout).toContain('near: 2\n');
  });

  test('prints all of them, a line each', async () => {
    const { stdout } = await sylstream(['units', '--bundle', directory]);
    expect(stdout.split('\n')[0]).toMatch(/^ +1 +100\.00 % +his 75 %, hh·iy·z 25 %$/);
  });

  test('prints JSON', async () => {
    const { stdout } = await sylstream(['units', '1', '--json', '--bundle', directory]);
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, near: [2], says: [{ spelled: 'his' }, {}] });
  });

  test('writes a page of all units, of which one without a vocoder says that it is silent', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'units.html');
    await sylstream(['units', '--page', path, '--bundle', directory]);
    const page = readFileSync(path, 'utf8');
    expect(page).toMatch(
      /<tr id="u1" data-find="\|1\|his\|hh ih z\|hh·iy·z\|hh iy z\|">.*<b>his<\/b> 75 %<td>hh·iy·z 25 %<td>HH IH Z/,
    );
    expect(page).toMatch(/<a href="#u2">/);
    expect(page).toContain('has no vocoder');
    expect(page).not.toContain('<button');
  });

  test.runIf(present('models/small', existsSync(SMALL)))(
    'writes a page on which every unit of the bundle that ships can be heard',
    async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'units.html');
      const { status, stderr } = await sylstream(['units', '--page', path, '--voice', 'rms']);
      expect([status, stderr]).toEqual([0, '']);
      const page = readFileSync(path, 'utf8');
      expect(page).toContain('voice rms');
      const sounds = [...page.matchAll(/data-wav="([^"]+)"/g)].map(([, text]) =>
        Buffer.from(text, 'base64'),
      );
      expect(sounds).toHaveLength(400);
      for (const wav of sounds) {
        expect(wav.subarray(0, 4).toString()).toBe('RIFF');
        expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
        expect(wav.length).toBeGreaterThan(44 + 2 * 16 * 60); // three tokens
        const samples = new Int16Array(Uint8Array.from(wav.subarray(44)).buffer);
        expect(Math.max(...samples)).toBeGreaterThan(200); // not silent
      }
    },
  );

  test.each([
    [['--page', 'units.txt'], /--page to end in .html/],
    [['--page', 'units.html', '--json'], /got both/],
    [['7', '--page', 'units.html'], /no units beside --page/],
    [['--voice', 'rms'], /--voice with --page/],
  ])('refuses %j', async (flags, message) => {
    const refused = await sylstream(['units', ...flags, '--bundle', directory]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(message);
  });

  test('refuses a voice where there is no vocoder, and a place that cannot be written', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'units.html');
    const flags = ['units', '--bundle', directory, '--page'];
    const voice = await sylstream([...flags, path, '--voice', 'rms']);
    expect(voice.stderr).toContain('SYLSTREAM_ERR_VOICE');
    expect(existsSync(path)).toBe(false);
    const place = await sylstream([...flags, '/nowhere/units.html']);
    expect(place.stderr).toMatch(/SYLSTREAM_ERR_OUTPUT_WRITE.*name a place that can be written/);
  });

  test.each(['0', '1.5', 'his'])('refuses unit %s', async (id) => {
    const refused = await sylstream(['units', id, '--bundle', directory]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/expected a unit from 1 to \d+/);
  });

  test('names what a bundle without units.json lacks', async () => {
    const bare = await sylstream(['units', '--bundle', TINY]);
    expect(bare.status).toBe(4);
    expect(bare.stderr).toContain('has no units.json');
  });
});
