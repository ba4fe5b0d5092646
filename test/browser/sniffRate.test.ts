import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { sniffRate } from '../../src/browser/sniffRate.ts';
import { seeded } from '../helpers/cuts.ts';
import { program } from '../helpers/require.ts';

const CONTAINERS = [
  ['flac', ['-f', 'flac']],
  ['Ogg Vorbis', ['-c:a', 'libvorbis', '-f', 'ogg']],
  ['mp3', ['-f', 'mp3', '-write_id3v2', '0', '-id3v2_version', '0']],
  ['mp3 with a tag', ['-f', 'mp3', '-metadata', 'title=speech', '-id3v2_version', '4']],
] as const;

/** A short tone as ffmpeg writes it. */
function tone(rate: number, format: readonly string[]): Uint8Array {
  const source = `sine=frequency=440:duration=0.3:sample_rate=${rate}`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-ar', String(rate), ...format];
  return execFileSync('ffmpeg', [...args, 'pipe:1']);
}

describe('sniffRate', () => {
  it.runIf(program('ffmpeg')).each(CONTAINERS)('reads the rate of %s files', (_, format) => {
    for (const rate of [16_000, 22_050, 44_100, 48_000]) {
      expect(sniffRate(tone(rate, format))).toBe(rate);
    }
  });

  it('takes 48 kHz where nothing tells: Opus, other files, parts of files', () => {
    expect(sniffRate(new Uint8Array(0))).toBe(48_000);
    expect(sniffRate(Buffer.from('fLaC'))).toBe(48_000);
    expect(sniffRate(Buffer.from('OggS then something'))).toBe(48_000);
    expect(sniffRate(Buffer.from('ID3'))).toBe(48_000);
    expect(sniffRate(Uint8Array.of(0xff, 0xfb, 0xff))).toBe(48_000);
  });

  it('gives a rate that an OfflineAudioContext takes for any bytes', () => {
    const random = seeded(3);
    const heads = ['fLaC', 'OggS', 'ID3', '\u00ff\u00fb', ''];
    for (let n = 0; n < 20_000; n++) {
      const bytes = Buffer.from(Uint8Array.from({ length: n % 64 }, () => random() * 256));
      bytes.write(heads[n % heads.length], 'latin1');
      const rate = sniffRate(bytes);
      expect(rate >= 8_000 && rate <= 96_000).toBe(true);
    }
  });
});
