import type { Rate } from '../core/types.ts';
import { type EngineOptions } from './engineOptions.ts';

/** What the options of `evaluate` give. */
export interface EvaluateOptions extends EngineOptions {
  readonly ref: string;
  readonly tier?: string;
  readonly shift: number;
  readonly rate: Rate;
  readonly maxDelay: number;
  /** The one to listen to; the mean of all without it. */
  readonly channel?: number;
  readonly parallel: number;
  readonly json?: boolean;
}
