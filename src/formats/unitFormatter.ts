import type { Rate, Unit } from '../core/types.ts';

/** What gives unit numbers their meaning: the same ids of another bundle, precision or rate say something else. */
export interface Provenance {
  /** Name of the bundle. */
  readonly bundle: string;
  /** Its version. */
  readonly version: string;
  /** Its hash: 64 hexadecimal digits (docs/bundle.md). */
  readonly hash: string;
  /** Form of the encoder that ran. */
  readonly precision: string;
  /** Position of the rate dial. */
  readonly rate: Rate;
  /** Cost of a segment at that rate. */
  readonly lambda: number;
  /** Weight of the feature cost at that rate. */
  readonly w: number;
}

/** What is known of it behind a connection: the server names bundle, hash, rate and λ (docs/protocol.md, `ready`). */
export type StatedProvenance = Pick<Provenance, 'bundle' | 'hash' | 'rate' | 'lambda'> &
  Partial<Provenance>;

/** What a unit stands for, for people; undefined where that is not known. */
export type LabelOf = (unit: Pick<Unit, 'id' | 'fine' | 'pause'>) => string | undefined;

/** Turns the units of one recording into text or bytes, piece by piece; an empty string where nothing is due yet. */
export interface UnitFormatter {
  /** What stands before the first unit. */
  begin(): string;
  /** One final unit; they come in order. */
  unit(unit: Unit): string;
  /** What stands after the last one; `samples` is the recording's length at 16 kHz. */
  end(samples: number): string | Uint8Array;
}
