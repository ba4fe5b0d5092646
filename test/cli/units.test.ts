import { beforeAll, describe, expect, test } from 'vitest';
import { TINY } from '../helpers/bundles.ts';
import { sylstream } from '../helpers/cli.ts';
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
