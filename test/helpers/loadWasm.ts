import { fft } from '../../src/mel/pffft.ts';
import { speex } from '../../src/audio/speex.ts';

// Before every test file (vitest.config.ts): machines are driven directly, and operators in virtual time.
await Promise.all([fft.load(), speex.load()]);
