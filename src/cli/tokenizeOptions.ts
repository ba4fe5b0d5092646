import type { Rate } from '../core/types.ts';
import { EACH, type InputOptions } from './audioInput.ts';
import { type EngineOptions } from './engineOptions.ts';
import { type Format } from './formatters.ts';

/** What the options of `tokenize` give. */
export interface TokenizeOptions extends EngineOptions, Omit<InputOptions, 'channel'> {
  /** The one to listen to, or all, told apart. */
  readonly channel?: number | typeof EACH;
  readonly format: Format;
  readonly output?: string;
  readonly plot?: string;
  readonly rate: Rate;
  readonly maxDelay: number;
  readonly splitPauses?: boolean;
  readonly features?: boolean;
  readonly partials?: boolean;
  readonly header?: boolean;
  readonly realtime?: boolean;
  readonly parallel: number;
  readonly progress: boolean;
  /** A global option. */
  readonly verbose?: boolean;
}
