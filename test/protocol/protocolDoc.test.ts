import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { disposition, errorCodeOf, WIRE_CODES } from '../../src/protocol/index.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import { SERVER_MESSAGES } from '../../src/protocol/serverMessages.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/protocol.md'), 'utf8');

/** The text under a heading of the third level. */
function section(title: string): string | undefined {
  const parts = text.split(/^#{2,3} /m);
  return parts.find((part) => part.startsWith(`\`${title}\`\n`));
}

describe('docs/protocol.md', () => {
  it.each(WIRE_CODES)(
    'has a heading for %s that says its close code and whether to try again',
    (wire) => {
      const part = section(wire);
      expect(part, `a heading ### \`${wire}\``).toBeDefined();
      const { close, retry, resumable } = disposition(errorCodeOf(wire));
      const neverFatal = ['unknown_type', 'audio_suspect'];
      if (neverFatal.includes(wire)) return expect(part).toContain('Not fatal');
      expect(part).toContain(`Close ${close}`);
      expect(part).toMatch(retry ? /[,;] retry/ : /no retry/);
      expect(part!.includes('The session waits.')).toBe(resumable);
      expect(part!.length).toBeGreaterThan(60);
    },
  );

  it('has a heading for every message, with every field', () => {
    for (const [type, { fields }] of [
      ...Object.entries(CLIENT_MESSAGES),
      ...Object.entries(SERVER_MESSAGES),
    ]) {
      const part = section(type);
      expect(part, `a heading ### \`${type}\``).toBeDefined();
      for (const name of Object.keys(fields))
        expect(part, `${type}.${name}`).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it('has no heading for a code that does not exist', () => {
    const errors = text.slice(text.indexOf('\n## Errors'));
    const headings = [...errors.matchAll(/^### `(\w+)`/gm)].map((match) => match[1]);
    expect(headings.sort()).toEqual([...WIRE_CODES].sort());
  });
});
