import { catchError, firstValueFrom, from, map, mergeMap, of, take, toArray } from 'rxjs';
import { fromMicrophone } from '../fromMicrophone.ts';
import { MICROPHONE_SOURCES, type MicrophoneSource } from './captureCommands.ts';

/** Whether a source records here. */
export interface MicrophoneProbe {
  readonly source: MicrophoneSource;
  /** Undefined when it gave samples, else why not. */
  readonly failure?: string;
}

/** Tries every source until its first samples; takes 5 s at most. */
export function probeMicrophones(): Promise<MicrophoneProbe[]> {
  const probe = (source: MicrophoneSource) =>
    fromMicrophone({ source }).pipe(
      take(1),
      map(() => ({ source })),
      catchError((error: Error) => of({ source, failure: shortened(error.message) })),
    );
  return firstValueFrom(from(MICROPHONE_SOURCES).pipe(mergeMap(probe), toArray()));
}

/** The part that differs: "expected a microphone, got WHY; what to do". */
function shortened(message: string): string {
  return message
    .replace(/^.*?, got (the end of )?/, '')
    .replace(/; (connect one|start again).*$/, '');
}
