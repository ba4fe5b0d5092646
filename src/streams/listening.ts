import type { PipelineError } from '../core/errors.ts';

/** What is listened to in a recording, and who is told of oddities. */
export interface ListeningOptions {
  /** The channel to listen to, from 1 on. Default: the mean of all. */
  readonly channel?: number | undefined;
  /**
   * Told of what is read all the same but may not be what was meant: a size in a WAV file's header that is not the file's
   * (`SYLSTREAM_ERR_WAV_SIZE`), samples that do not look like sound, channels that cancel each other out
   * (`SYLSTREAM_ERR_AUDIO_SUSPECT`). Default: nobody.
   */
  readonly onWarning?: ((warning: PipelineError) => void) | undefined;
}
