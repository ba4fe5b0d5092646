import { SAMPLE_RATE } from '../src/core/time.ts';
import type { Recording } from './recording.ts';

/** Plays parts of a recording. */
export interface Player {
  readonly playing: boolean;
  /** Plays the samples [from, to) instead of whatever plays now. */
  play(recording: Recording, from: number, to: number): void;
  stop(): void;
}

/** Creates a player; `onHead` follows the sample that is heard, undefined when it has stopped. */
export function createPlayer(onHead: (sample: number | undefined) => void): Player {
  let context: AudioContext | undefined;
  let source: AudioBufferSourceNode | undefined;

  function stop(): void {
    if (source === undefined) return;
    const old = source;
    source = undefined;
    old.stop();
    onHead(undefined);
  }

  return {
    get playing() {
      return source !== undefined;
    },
    play(recording, from, to) {
      stop();
      const samples = recording.slice(from, to);
      if (samples.length === 0) return;
      context ??= new AudioContext();
      void context.resume();
      const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE);
      buffer.copyToChannel(samples, 0);
      const node = context.createBufferSource();
      node.buffer = buffer;
      node.connect(context.destination);
      const began = context.currentTime;
      const clock = context;
      node.addEventListener('ended', () => source === node && stop());
      node.start();
      source = node;
      const follow = (): void => {
        if (source !== node) return;
        onHead(Math.min(to, from + (clock.currentTime - began) * SAMPLE_RATE));
        requestAnimationFrame(follow);
      };
      follow();
    },
    stop,
  };
}
