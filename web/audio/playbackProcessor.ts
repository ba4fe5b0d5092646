/** Samples played between two messages about it: 20 ms at 16 kHz. */
const TOLD_SAMPLES = 320;

/** Plays what the page sends, `Float32Array`s in order, and says how many samples were played; after `'end'` it ends with the last. */
class PlaybackProcessor extends AudioWorkletProcessor {
  #waiting: Float32Array[] = [];
  /** Place in the first of them. */
  #at = 0;
  #played = 0;
  #told = 0;
  #isWhole = false;

  constructor() {
    super();
    this.port.addEventListener('message', ({ data }: MessageEvent<Float32Array | 'end'>) => {
      if (data === 'end') this.#isWhole = true;
      else this.#waiting.push(data);
    });
    this.port.start();
  }

  process(_inputs: unknown, outputs: readonly (readonly Float32Array[])[]): boolean {
    const [channel] = outputs[0];
    let filled = 0;
    while (filled < channel.length && this.#waiting.length > 0) {
      const part = this.#waiting[0].subarray(this.#at, this.#at + channel.length - filled);
      channel.set(part, filled);
      filled += part.length;
      this.#at += part.length;
      if (this.#at < this.#waiting[0].length) continue;
      this.#waiting.shift();
      this.#at = 0;
    }
    this.#played += filled;
    const isOver = this.#isWhole && this.#waiting.length === 0;
    if (isOver || this.#played - this.#told >= TOLD_SAMPLES) {
      this.#told = this.#played;
      this.port.postMessage({ played: this.#played, isOver });
    }
    return !isOver;
  }
}

registerProcessor('playback', PlaybackProcessor);
