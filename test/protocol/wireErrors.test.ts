import { describe, expect, it } from 'vitest';
import { ERROR_CODES, PipelineError } from '../../src/core/errors.ts';
import {
  disposition,
  errorCodeOf,
  errorCodeOfClose,
  fromWireError,
  toWireError,
  WIRE_CODES,
} from '../../src/protocol/index.ts';

describe('wire errors', () => {
  it('names every code as the library does, in lower case without its prefix', () => {
    for (const code of ERROR_CODES) {
      const { wire } = disposition(code);
      const own = code.slice('SYLSTREAM_ERR_'.length).toLowerCase();
      expect([own, 'internal']).toContain(wire);
    }
    for (const wire of WIRE_CODES) expect(disposition(errorCodeOf(wire)).wire).toBe(wire);
  });

  it('tells a client its own mistake in words, and the server’s as a code only', () => {
    const theirs = new PipelineError('SYLSTREAM_ERR_AUDIO_GAP', 'expected sample 5, got 9');
    expect(toWireError(theirs, { fatal: true, ref: 'a' })).toEqual({
      t: 'error',
      code: 'audio_gap',
      fatal: true,
      msg: 'expected sample 5, got 9',
      ref: 'a',
    });
    const ours = new PipelineError('SYLSTREAM_ERR_BUNDLE_HASH', '/secret/path');
    const said = toWireError(ours, { fatal: true, retryAfterMs: 1.5 });
    expect(said).toMatchObject({ code: 'internal', retry_after_ms: 2 });
    expect(said.msg).not.toContain('secret');
  });

  it('reads a code back, and an unknown one as internal', () => {
    const known = fromWireError({ t: 'error', code: 'capacity', fatal: true, msg: 'full' });
    expect(known).toMatchObject({ code: 'SYLSTREAM_ERR_CAPACITY', message: 'full' });
    const later = fromWireError({ t: 'error', code: 'from_version_9', fatal: true, msg: '' });
    expect(later.code).toBe('SYLSTREAM_ERR_INTERNAL');
  });

  it.each([
    [1009, 'SYLSTREAM_ERR_TOO_BIG'],
    [1013, 'SYLSTREAM_ERR_CAPACITY'],
    [4401, 'SYLSTREAM_ERR_AUTH'],
    [4409, 'SYLSTREAM_ERR_SUPERSEDED'],
    [1012, 'SYLSTREAM_ERR_DRAINING'],
    [1011, 'SYLSTREAM_ERR_INTERNAL'],
    [1006, 'SYLSTREAM_ERR_CONNECTION'],
  ])('understands a bare close %i', (close, code) => {
    expect(errorCodeOfClose(close)).toBe(code);
  });
});
