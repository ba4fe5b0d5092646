/** Moments of one message: 8 render quanta of 128, 21 ms at 48 kHz. */
const BATCH_MOMENTS = 1024;

/**
 * Ships what the microphone gives, untouched and interleaved, to the page: `{ samples, channels }`, the samples
 * transferred. All arithmetic happens there; this thread must never be late.
 */
class CaptureProcessor extends AudioWorkletProcessor {
  #batch = new Float32Array(0);
  #filled = 0;

  process(inputs: readonly (readonly Float32Array[])[]): boolean {
    const channels = inputs[0];
    if (channels.length === 0) return true; // not connected yet
    if (this.#batch.length !== BATCH_MOMENTS * channels.length) {
      this.#batch = new Float32Array(BATCH_MOMENTS * channels.length);
      this.#filled = 0;
    }
    for (let moment = 0; moment < channels[0].length; moment++) {
      for (const channel of channels) this.#batch[this.#filled++] = channel[moment];
    }
    if (this.#filled < this.#batch.length) return true;
    const samples = this.#batch;
    this.#batch = new Float32Array(samples.length);
    this.#filled = 0;
    this.port.postMessage({ samples, channels: channels.length }, [samples.buffer]);
    return true;
  }
}

registerProcessor('capture', CaptureProcessor);
