import type { EncoderBackend, EncoderRows, EncoderSession } from './encoder.ts';
import type { EncoderWork } from './encoderFeed.ts';

/** How a recording is cut for lanes. */
export interface LaneOptions {
  /** Places of the recording that are encoded at the same time. */
  readonly lanes: number;
  /** Tokens that a lane goes before the next one begins, a multiple of the encoder's chunk. */
  readonly laneTokens: number;
}

/**
 * One stream's steps, in their order, done at several places of the stream at the same time. What comes out has the bits of a
 * single session: a lane begins L·W tokens (the encoder's field) before its own first one, upon the same grid of chunks and
 * with the same places in the ring, so that nothing its rows see is missing.
 */
export interface EncoderLanes {
  /** Takes the next step; resolves with its rows. Steps of different lanes end in any order. */
  push(work: EncoderWork): Promise<EncoderRows>;
  /** Ends every session. */
  release(): void;
}

/** One part of the stream. */
interface Lane {
  readonly number: number;
  push(work: EncoderWork): Promise<EncoderRows>;
  /** No more comes: resolves when all is done, the session released. */
  end(): Promise<void>;
}

/** Makes the lanes of one stream. Lane n begins when lane n − `lanes` has ended: there are never more sessions. */
export function createEncoderLanes(
  encoder: EncoderBackend,
  { lanes, laneTokens }: LaneOptions,
): EncoderLanes {
  const { chunkTokens, fieldTokens } = encoder.shape;
  const warmUp = Math.ceil(fieldTokens / chunkTokens);
  /** The chunks that a lane which begins now has to see. */
  const recent: EncoderWork[] = [];
  const sessions = new Set<EncoderSession>();
  /** Of the lanes before, the last `lanes` of them. */
  const ends: Promise<void>[] = [];
  let lane: Lane | undefined;
  let isReleased = false;

  function start(number: number, first: EncoderWork): Lane {
    const before = [...recent];
    const free = ends.length < lanes ? Promise.resolve() : ends.shift()!;
    const opened = free.then(() => {
      const session = encoder.open(before[0]?.firstToken ?? first.firstToken);
      sessions.add(session);
      if (isReleased) session.release();
      return session;
    });
    let last: Promise<unknown> = opened;
    const then = (step: (session: EncoderSession) => Promise<EncoderRows>) => {
      const rows = last.then(() => opened).then(step);
      rows.catch(() => undefined); // told to whoever asked for it, in its turn
      last = rows;
      return rows;
    };
    for (const { mel } of before) void then((session) => session.step(mel));
    return {
      number,
      push: ({ mel, scratch }) =>
        then((session) => (scratch ? session.scratch(mel) : session.step(mel))),
      end: () =>
        last.then(
          () => opened.then(close),
          () => undefined,
        ),
    };
  }

  function close(session: EncoderSession): void {
    session.release();
    sessions.delete(session);
  }

  return {
    push(work) {
      const number = Math.floor(work.firstToken / laneTokens);
      if (lane?.number !== number) {
        if (lane) ends.push(lane.end());
        lane = start(number, work);
      }
      if (!work.scratch) {
        recent.push(work);
        if (recent.length > warmUp) recent.shift();
      }
      return lane.push(work);
    },
    release() {
      isReleased = true;
      for (const session of sessions) session.release();
      sessions.clear();
    },
  };
}
