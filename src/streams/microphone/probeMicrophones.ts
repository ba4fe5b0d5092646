import { catchError, forkJoin, firstValueFrom, map, of, take } from 'rxjs';
import { fromMicrophone } from './fromMicrophone.ts';
import { MICROPHONE_SOURCES, type MicrophoneSource } from './captureCommands.ts';

/** Whether a source records here. */
export interface MicrophoneProbe {
  readonly source: MicrophoneSource;
  /** Undefined when it gave samples, else why not. */
  readonly failure?: string;
}

/** Tries every source until its first samples; takes 10 s at most. */
export function probeMicrophones(): Promise<MicrophoneProbe[]> {
  const probes = MICROPHONE_SOURCES.map((source) =>
    fromMicrophone({ source }).pipe(
      take(1),
      map((): MicrophoneProbe => ({ source })),
      catchError((error: Error) => of({ source, failure: shortened(error.message, source) })),
    ),
  );
  return firstValueFrom(forkJoin(probes));
}

/** The part that differs: "expected a microphone, got SOURCE: WHY; what to do". */
function shortened(message: string, source: MicrophoneSource): string {
  return message
    .replace(/^.*?, got (the end of )?/, '')
    .replace(/; (connect one|start again).*$/, '')
    .replaceAll(`${source}: `, '');
}
