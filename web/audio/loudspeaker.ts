import { BehaviorSubject } from 'rxjs';
import type { Observable } from 'rxjs';
import { SAMPLE_RATE } from '../../src/core/time.ts';

/** Sound at 16 kHz that comes while it is played. */
export interface Loudspeaker {
  /** Samples played so far; completes when all was, or it was stopped. */
  readonly played$: Observable<number>;
  /** Plays samples behind those that wait. */
  push(samples: Float32Array): void;
  /** Nothing follows. */
  end(): void;
  /** Falls silent at once, whatever waits. */
  stop(): void;
}

/** Opens the loudspeaker: an AudioWorklet at 16 kHz; what comes before that is there waits. To be called in answer to a gesture. */
export function openLoudspeaker(): Loudspeaker {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  const played$ = new BehaviorSubject(0);
  const waiting: (Float32Array | 'end')[] = [];
  let node: AudioWorkletNode | undefined;
  let isOver = false;

  function stop(): void {
    if (isOver) return;
    isOver = true;
    node?.disconnect();
    void context.close();
    played$.complete();
  }

  function send(part: Float32Array | 'end'): void {
    if (node) node.port.postMessage(part);
    else waiting.push(part);
  }

  async function open(): Promise<void> {
    await context.audioWorklet.addModule(new URL('playbackProcessor.js', import.meta.url));
    if (isOver) return;
    node = new AudioWorkletNode(context, 'playback', {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    node.port.addEventListener(
      'message',
      ({ data }: MessageEvent<{ played: number; isOver: boolean }>) => {
        if (isOver) return;
        played$.next(data.played);
        if (data.isOver) stop();
      },
    );
    node.port.start();
    node.connect(context.destination);
    for (const part of waiting.splice(0)) send(part);
    await context.resume();
  }

  void open().catch((error: unknown) => {
    isOver = true;
    played$.error(error);
  });
  return { played$, push: send, end: () => send('end'), stop };
}
