import { bytesPerSample, isFinitePcm, type PcmFormat } from '../../audio/pcm.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Control, SpeechEvent } from '../../core/types.ts';
import type { RingShape } from '../../models/inference/kvRing.ts';
import { createChunkGrid } from './chunkGrid.ts';
import { createHistory, type Entry } from './history.ts';
import { packMemory, type PackedMemory } from './packedMemory.ts';
import { replayPlace } from './replayPlace.ts';
import { receivedError } from '../../core/sentError.ts';
import type { ShardItem, ShardResult, ShardStreamOptions, Snapshot } from './shardMessages.ts';
import { readCheckpoint, type Checkpoint, type StreamMemory } from './streamMemory.ts';

/** Told what comes of a stream; nothing after `completed` or `failed`, and nothing after its release. */
export interface StreamListener {
  readonly event: (event: SpeechEvent) => void;
  /** All audio up to this sample (16 kHz) is encoded; of a stream from elsewhere first told when its past is. */
  readonly progress?: ((sample: number) => void) | undefined;
  readonly completed: () => void;
  readonly failed: (error: Error) => void;
  /** What `snapshot()` asked for, after all events that it has behind it. */
  readonly snapshot?: ((snapshot: Snapshot) => void) | undefined;
}

/** One stream, seen from the thread that feeds it. */
export interface PooledStream {
  /** Takes audio in the stream's format: whole moments. The bytes must not change afterwards. */
  audio(bytes: Uint8Array): void;
  /** Takes so many moments of silence, as if they had come as zeros. */
  silence(moments: number): void;
  /** Takes a control at its place. */
  control(control: Control): void;
  /** No more comes: decides all that is held, then `completed`. */
  end(): void;
  /**
   * Nothing comes for a while: when all that came is done, the stream gives back its place in a thread and keeps only what
   * going on needs. What comes next wakes it, to the same events.
   */
  rest(): void;
  /** Asks for what another pool needs to go on; told as soon as there is a step behind it, and not where the stream rests. */
  snapshot(): void;
  /** Bytes that it keeps while it rests; undefined while it has its place. */
  readonly restingBytes: number | undefined;
  /** Ends the stream at once; its listener is told nothing more. */
  release(): void;
}

/** A pooled stream as its pool has it. */
export interface PoolMember {
  /** Takes what its shard says. */
  take(result: ShardResult): void;
  /** Its shard begins anew: hands over everything since the checkpoint again. */
  replay(): void;
  /** Its shard has let go of it, and its memory will be another's. */
  left(): void;
  /** Its shard cannot go on. */
  fail(error: Error): void;
}

/** A stream's place in a shard. */
export interface Berth {
  readonly memory: StreamMemory;
  readonly send: (item: ShardItem, audio?: Uint8Array) => void;
}

/** What a pooled stream is made of. */
export interface PooledStreamOptions {
  readonly id: number;
  readonly format: PcmFormat;
  readonly options: ShardStreamOptions;
  readonly ring: RingShape;
  readonly listener: StreamListener;
  /** A state from elsewhere to go on from. */
  readonly imported?: ImportedStream | undefined;
  /** Gives the stream a place and an empty memory; throws where there is none. */
  readonly enter: (member: PoolMember) => Berth;
}

/** A stream from elsewhere: its thin state, and what that says (`readImported.ts`). */
export interface ImportedStream extends Checkpoint {
  readonly state: Uint8Array;
  /** The token from which on the encoder's steps are done again. */
  readonly from: number;
  /** All audio up to this sample was encoded. */
  readonly sample: number;
}

/** Makes a stream that rests until something comes. What `enter` throws fails it. */
export function createPooledStream(setup: PooledStreamOptions): PooledStream {
  const { id, format, options, ring, listener, imported } = setup;
  const momentBytes = format.channels * bytesPerSample(format.encoding);
  const first = replayPlace(imported?.from ?? 0, format.sampleRate);
  const history = createHistory(momentBytes, {
    moments: first.moment,
    controls: imported?.controls ?? 0,
  });
  const isDue = createChunkGrid(ring.chunkTokens, format.sampleRate);
  let berth: Berth | undefined;
  /** What is kept while there is no berth; nothing before the first. */
  let packed: PackedMemory | undefined;
  /** Its shard was asked to let it rest. */
  let isLeaving = false;
  /** Something came meanwhile. */
  let isWanted = false;
  /** Nothing came since it was told to rest. */
  let isAtRest = false;
  let handed = first.moment; // moments that the shard has
  let events = imported?.events ?? 0; // that were told
  let sample = 0; // that was told
  /** The shard has saved nothing of its own yet. */
  let isImported = imported !== undefined;
  let ended = false;
  let over = false;

  const placeOf = ({ token }: { readonly token: number }) => replayPlace(token, format.sampleRate);

  /** Begins in a shard that does not know the stream: where the memory says. */
  function begin({ memory, send }: Berth): void {
    const state = imported?.state;
    send({ stream: id, type: 'open', setup: { format, options, memory, imported: state } });
    const { place, controls } = goingOn(readCheckpoint(memory));
    hand(history.since(place, controls), send);
    if (ended) send({ stream: id, type: 'end' });
  }

  /** Where what comes again begins: at the last state that was saved, or, before the first, where the one from elsewhere wants it. */
  function goingOn(saved: Pick<Checkpoint, 'token' | 'controls'>) {
    isImported &&= saved.token <= imported!.token;
    return isImported
      ? { place: first, controls: imported!.controls }
      : { place: placeOf(saved), controls: saved.controls };
  }

  function hand(entries: readonly Entry[], send: Berth['send']): void {
    for (const entry of entries) {
      if (entry.type === 'control') send({ stream: id, type: 'control', control: entry.control });
      else if (entry.type === 'silence')
        send({ stream: id, type: 'silence', moments: entry.moments });
      else send({ stream: id, type: 'audio', from: 0, to: 0 }, entry.bytes);
    }
    handed = history.moments;
  }

  /** Hands over what has come, and wakes a stream that rests. */
  function handAll(): void {
    isAtRest = false;
    if (!berth) wake();
    else if (isLeaving) isWanted = true;
    else hand(history.fresh(), berth.send);
  }

  function handWhatIsDue(): void {
    if (isDue(handed, history.moments)) handAll();
  }

  function wake(): void {
    const kept = packed;
    try {
      berth = setup.enter(member);
    } catch (error) {
      over = true;
      packed = undefined;
      return listener.failed(error as Error);
    }
    packed = undefined;
    kept?.unpack(berth.memory);
    begin(berth);
  }

  function leave(): void {
    isLeaving = true;
    isWanted = false;
    berth!.send({ stream: id, type: 'rest' });
  }

  function finish(): void {
    over = true;
    packed = undefined;
    berth?.send({ stream: id, type: 'release' });
  }

  const member: PoolMember = {
    take(result) {
      if (over) return;
      const fresh = result.events.slice(Math.max(0, events - result.before));
      for (const event of fresh) {
        events++;
        listener.event(event);
        if (over) return;
      }
      if (result.sample > sample) {
        sample = result.sample;
        listener.progress?.(sample);
        if (over) return;
      }
      const { place, controls } = goingOn(result.saved);
      history.forget(place, controls);
      if (result.snapshot) listener.snapshot?.(result.snapshot);
      if (result.ended) {
        finish();
        listener.completed();
      } else if (result.failed) {
        finish();
        listener.failed(receivedError(result.failed));
      }
    },
    replay() {
      if (over) return berth!.send({ stream: id, type: 'release' });
      isLeaving = false;
      begin(berth!);
      if (isAtRest) leave();
    },
    left() {
      if (!over) {
        packed = packMemory(berth!.memory, ring);
        const { place, controls } = goingOn(packed.checkpoint);
        history.shrink(place, controls);
      }
      berth = undefined;
      isLeaving = false;
      if (over || !isWanted) return;
      wake();
      if (!over && isAtRest) leave();
    },
    fail(error) {
      if (over) return;
      over = true;
      listener.failed(error);
    },
  };

  return {
    audio(bytes) {
      if (over || ended) return;
      if (bytes.length % momentBytes !== 0) {
        throw new PipelineError(
          'SYLSTREAM_ERR_AUDIO_BYTES',
          `expected whole moments of ${momentBytes} bytes, got ${bytes.length} bytes; check format and channels`,
        );
      }
      if (bytes.length === 0) return;
      history.audio(bytes);
      // What ends the stream is not held back.
      if (isFinitePcm(bytes, format.encoding)) handWhatIsDue();
      else handAll();
    },
    silence(moments) {
      if (over || ended || moments === 0) return;
      history.silence(moments);
      handWhatIsDue();
    },
    control(control) {
      if (over || ended) return;
      history.control(control);
      handAll();
    },
    end() {
      if (over || ended) return;
      const isAway = !berth || isLeaving;
      if (!isAway) hand(history.fresh(), berth!.send);
      ended = true;
      if (isAway) handAll();
      else berth!.send({ stream: id, type: 'end' });
    },
    rest() {
      if (over || ended || !berth) return;
      isAtRest = true;
      if (!isLeaving) leave();
    },
    snapshot() {
      if (!over && !ended && berth && !isLeaving) berth.send({ stream: id, type: 'snapshot' });
    },
    get restingBytes() {
      if (berth || over) return undefined;
      return (packed?.bytes ?? 0) + history.bytes + (isImported ? imported!.state.length : 0);
    },
    release() {
      if (!over) finish();
    },
  };
}
