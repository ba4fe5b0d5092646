import { concat, defer, filter, map, type Subscription } from 'rxjs';
import type { SayOptions, UnitStream, UnitToSay } from '../src/client/index.ts';
import { MAX_SAID_UNITS } from '../src/protocol/index.ts';
import { openLoudspeaker, type Loudspeaker } from './audio/loudspeaker.ts';

/** Speaks units through the server's vocoder. */
export interface Sayer {
  readonly saying: boolean;
  /** Speaks these units instead of whatever is spoken now. */
  say(units: readonly UnitToSay[]): void;
  stop(): void;
}

/** What a sayer needs. */
export interface SayerOptions {
  /** Opens a stream for it, which has no audio of its own. */
  readonly open: (onError: (error: unknown) => void) => UnitStream;
  /** Whose voice, and of which bundle the units are. */
  readonly how: () => Pick<SayOptions, 'voice' | 'model'>;
  /** Samples that were heard since it began, undefined when it has stopped. */
  readonly onHead: (samples: number | undefined) => void;
  readonly onProblem: (problem: unknown) => void;
}

/** Creates a sayer; each time it speaks over a connection of its own, so that what is recorded does not end it. */
export function createSayer({ open, how, onHead, onProblem }: SayerOptions): Sayer {
  let now: { readonly stream: UnitStream; readonly sound: Loudspeaker } | undefined;
  let speaking: Subscription | undefined;

  function stop(): void {
    if (now === undefined) return;
    const { stream, sound } = now;
    now = undefined;
    speaking?.unsubscribe();
    sound.stop();
    stream.close();
    onHead(undefined);
  }

  function fail(problem: unknown): void {
    stop();
    onProblem(problem);
  }

  return {
    get saying() {
      return now !== undefined;
    },
    say(units) {
      stop();
      if (units.length === 0) return;
      const sound = openLoudspeaker();
      const stream = open(fail);
      const mine = { stream, sound };
      now = mine;
      sound.played$.subscribe({
        next: (samples) => now === mine && onHead(samples),
        error: fail,
        complete: () => now === mine && stop(),
      });
      let pushed = 0;
      const parts = Array.from({ length: Math.ceil(units.length / MAX_SAID_UNITS) }, (_, part) =>
        defer(() => {
          const before = pushed;
          return stream.say({
            ...how(),
            units: units.slice(part * MAX_SAID_UNITS, (part + 1) * MAX_SAID_UNITS),
            heard$: sound.played$.pipe(
              map((samples) => samples - before),
              filter((samples) => samples > 0),
            ),
          }).pcm$;
        }),
      );
      speaking = concat(...parts).subscribe({
        next({ samples }) {
          pushed += samples.length;
          sound.push(samples);
        },
        error: fail,
        complete: () => sound.end(),
      });
    },
    stop,
  };
}
