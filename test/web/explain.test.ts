import { describe, expect, it } from 'vitest';
import { ERROR_CODES, PipelineError } from '../../src/core/errors.ts';
import { explain } from '../../web/explain.ts';
import { PageError } from '../../web/pageError.ts';

describe('explain', () => {
  it('has words for every error that a page can meet, and what the error itself says for the others', () => {
    for (const code of ERROR_CODES) {
      const { title, text } = explain(new PipelineError(code, `expected this, got ${code}`));
      expect(title.length).toBeGreaterThan(8);
      expect(text.length).toBeGreaterThan(16);
    }
    const { title, text, action } = explain(new PipelineError('SYLSTREAM_ERR_CAPACITY', 'full'));
    expect([title, action]).toEqual(['The server is full', 'retry']);
    expect(text).not.toBe('full');
    const other = explain(new PipelineError('SYLSTREAM_ERR_WAV_HEADER', 'expected RIFF, got MP3'));
    expect(other.text).toBe('expected RIFF, got MP3');
  });

  it('tells its own problems apart from what nobody foresaw', () => {
    expect(explain(new PageError('no-microphone'))).toMatchObject({
      code: 'no-microphone',
      action: 'retry',
    });
    expect(explain(new TypeError('x is not a function'))).toMatchObject({
      code: 'unexpected',
      text: 'x is not a function',
    });
    expect(explain('torn').text).toBe('torn');
  });
});
