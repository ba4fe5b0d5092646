import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

/** Makes the server's log: JSON lines, by default on stderr. No audio and no token is ever handed to it. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = { name: 'sylstream', level, base: null };
  return pino(options, destination ?? pino.destination({ fd: 2, sync: false }));
}
