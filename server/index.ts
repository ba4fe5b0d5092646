/**
 * The server as a library: `createServer()` for programs and tests, `startServer()` as `sylstream serve` runs it.
 *
 * @module sylstream/server
 */
export { createServer } from './server.ts';
export type { ServerOptions, SylstreamServer } from './server.ts';
export { startServer } from './main.ts';
export type { StartOptions } from './main.ts';
export { hashToken } from './admission/auth.ts';
export { printConfig, readConfig, variableOf } from './settings/config.ts';
export type { ConfigSources } from './settings/config.ts';
export { SETTINGS } from './settings/settings.ts';
export type { Setting, Settings } from './settings/settings.ts';
