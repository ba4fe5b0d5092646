import { bytesPerSample, isFinitePcm, type PcmFormat } from '../../audio/pcm.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Control, SpeechEvent } from '../../core/types.ts';
import { createChunkGrid } from './chunkGrid.ts';
import { createHistory, type Entry } from './history.ts';
import { replayPlace } from './replayPlace.ts';
import { receivedError } from './sentError.ts';
import type { ShardItem, ShardResult, ShardStreamOptions } from './shardMessages.ts';
import { readCheckpoint, type StreamMemory } from './streamMemory.ts';

/** Told what comes of a stream; nothing after `completed` or `failed`, and nothing after its release. */
export interface StreamListener {
  readonly event: (event: SpeechEvent) => void;
  /** All audio up to this sample (16 kHz) is encoded. */
  readonly progress?: ((sample: number) => void) | undefined;
  readonly completed: () => void;
  readonly failed: (error: Error) => void;
}

/** One stream, seen from the thread that feeds it. */
export interface PooledStream {
  /** Takes audio in the stream's format: whole moments. The bytes must not change afterwards. */
  audio(bytes: Uint8Array): void;
  /** Takes so many moments of silence, as if they had come as zeros. */
  silence(frames: number): void;
  /** Takes a control at its place. */
  control(control: Control): void;
  /** No more comes: decides all that is held, then `completed`. */
  end(): void;
  /** Ends the stream at once; its listener is told nothing more. */
  release(): void;
}

/** A pooled stream as its pool has it. */
export interface PoolMember {
  readonly stream: PooledStream;
  /** Takes what its shard says. */
  take(result: ShardResult): void;
  /** Its shard begins anew: hands over everything since the checkpoint again. */
  replay(): void;
  /** Its shard cannot go on. */
  fail(error: Error): void;
}

/** What a pooled stream is made of. */
export interface PooledStreamOptions {
  readonly id: number;
  readonly format: PcmFormat;
  readonly options: ShardStreamOptions;
  readonly chunkTokens: number;
  readonly memory: StreamMemory;
  readonly listener: StreamListener;
  readonly send: (item: ShardItem, audio?: Uint8Array) => void;
}

/** Opens a stream in a shard. */
export function createPooledStream(setup: PooledStreamOptions): PoolMember {
  const { id, format, options, chunkTokens, memory, listener, send } = setup;
  const frameBytes = format.channels * bytesPerSample(format.encoding);
  const history = createHistory(frameBytes);
  const isDue = createChunkGrid(chunkTokens, format.sampleRate);
  let handed = 0; // moments that the shard has
  let events = 0; // that were told
  let sample = 0; // that was told
  let ended = false;
  let over = false;

  function open(): void {
    send({ stream: id, type: 'open', setup: { format, options, memory } });
  }

  function hand(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type === 'control') send({ stream: id, type: 'control', control: entry.control });
      else if (entry.type === 'silence')
        send({ stream: id, type: 'silence', frames: entry.frames });
      else send({ stream: id, type: 'audio', from: 0, to: 0 }, entry.bytes);
    }
    handed = history.frames;
  }

  function handWhatIsDue(): void {
    if (isDue(handed, history.frames)) hand(history.fresh());
  }

  function finish(): void {
    over = true;
    send({ stream: id, type: 'release' });
  }

  open();
  return {
    stream: {
      audio(bytes) {
        if (over || ended) return;
        if (bytes.length % frameBytes !== 0) {
          throw new PipelineError(
            'SYLSTREAM_ERR_AUDIO_BYTES',
            `expected whole moments of ${frameBytes} bytes, got ${bytes.length} bytes; check format and channels`,
          );
        }
        if (bytes.length === 0) return;
        history.audio(bytes);
        // What ends the stream is not held back.
        if (isFinitePcm(bytes, format.encoding)) handWhatIsDue();
        else hand(history.fresh());
      },
      silence(frames) {
        if (over || ended || frames === 0) return;
        history.silence(frames);
        handWhatIsDue();
      },
      control(control) {
        if (over || ended) return;
        history.control(control);
        hand(history.fresh());
      },
      end() {
        if (over || ended) return;
        ended = true;
        hand(history.fresh());
        send({ stream: id, type: 'end' });
      },
      release() {
        if (!over) finish();
      },
    },
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
      const { token, controls } = result.saved;
      history.forget(replayPlace(token, format.sampleRate), controls);
      if (result.ended) {
        finish();
        listener.completed();
      } else if (result.failed) {
        finish();
        listener.failed(receivedError(result.failed));
      }
    },
    replay() {
      if (over) return send({ stream: id, type: 'release' });
      const { token, controls } = readCheckpoint(memory);
      open();
      hand(history.since(replayPlace(token, format.sampleRate), controls));
      if (ended) send({ stream: id, type: 'end' });
    },
    fail(error) {
      if (over) return;
      over = true;
      listener.failed(error);
    },
  };
}
