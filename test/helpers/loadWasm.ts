import { fft } from '../../src/dsp/pffft.ts';
import { speex } from '../../src/dsp/speex.ts';

// Before every test file (vitest.config.ts): machines are driven directly, and operators in virtual time.
await Promise.all([fft.load(), speex.load()]);
