import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Continuation, SpeechEvent } from '../../src/core/types.ts';
import type {
  BrowserModels,
  BrowserUnitsOptions,
  LoadModelsOptions,
} from '../../src/browser/index.ts';

/** What a page of `librarySite()` has in its global scope. */
export interface PageScope {
  readonly lib: typeof import('../../src/browser/index.ts');
  readonly rxjs: typeof import('rxjs');
  models: BrowserModels;
}

/** An error as a test sees it. */
export interface Told {
  readonly code?: string;
  readonly message: string;
}

/** Loads a bundle in the page; returns its hash, or what went wrong. */
export function load(
  page: Page,
  bundle: string,
  options: Omit<LoadModelsOptions, 'worker'> = {},
): Promise<string | Told> {
  return page.evaluate(
    async ([name, more]) => {
      const scope = globalThis as unknown as PageScope;
      const worker = new Worker('worker.js', { type: 'module' });
      try {
        scope.models = await scope.lib.loadModels(`models/${name}`, { worker, ...more });
        return scope.models.bundle.hash;
      } catch (error) {
        const { code, message } = error as Told;
        return { ...(code !== undefined && { code }), message };
      }
    },
    [bundle, options] as const,
  );
}

/** What the loaded models make of a sound file that a person hands to the page. */
export function eventsIn(
  page: Page,
  path: string,
  options: Omit<BrowserUnitsOptions, 'onProgress'> = {},
): Promise<(SpeechEvent | Continuation)[]> {
  return page.evaluate(
    ([base64, more]) => {
      const { lib, rxjs, models } = globalThis as unknown as PageScope;
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const events$ = lib.speechUnits(lib.fromBlob(new Blob([bytes])), models, more);
      return rxjs.lastValueFrom(events$.pipe(rxjs.toArray()));
    },
    [readFileSync(path).toString('base64'), options] as const,
  );
}
