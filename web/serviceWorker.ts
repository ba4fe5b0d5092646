/** Keeps a site's files, so that it works in flight mode after the first visit. The bundle is kept by the models themselves. */

/** The worker's global scope, as far as it is used here; TypeScript's DOM library leaves it out. */
interface WorkerScope {
  readonly registration: { readonly scope: string };
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: AskEvent) => void): void;
}
interface LifeEvent {
  waitUntil(done: Promise<unknown>): void;
}
interface AskEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** Written in by `scripts/buildSite.mjs`: the site's files, and a hash over them. */
declare const SITE_FILES: readonly string[];
declare const SITE_HASH: string;

const scope = self as unknown as WorkerScope;
const PREFIX = 'sylstream-site-';
const CACHE = PREFIX + SITE_HASH;

scope.addEventListener('install', (event) => {
  const fetchAll = async (): Promise<void> => {
    const cache = await caches.open(CACHE);
    await cache.addAll(SITE_FILES.map((file) => new Request(file, { cache: 'no-cache' })));
    await scope.skipWaiting();
  };
  event.waitUntil(fetchAll());
});

scope.addEventListener('activate', (event) => {
  const settle = async (): Promise<void> => {
    for (const name of await caches.keys()) {
      if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
    }
    await scope.clients.claim();
  };
  event.waitUntil(settle());
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope.registration.scope)) return;
  const path = request.url.slice(scope.registration.scope.length).split(/[?#]/)[0];
  if (!SITE_FILES.includes(path === '' ? 'index.html' : path)) return;
  const answer = async (): Promise<Response> => {
    const cache = await caches.open(CACHE);
    return (await cache.match(path === '' ? 'index.html' : path)) ?? fetch(request);
  };
  event.respondWith(answer());
});
