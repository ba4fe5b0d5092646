import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

/** Files that a page may load: their path and what they hold. */
export type Files = Readonly<
  Record<string, { readonly type: string; readonly body: string | Uint8Array }>
>;

/** Opens `/` of these files in the system's Chromium, runs `body` and closes everything again. */
export async function inChromium<T>(files: Files, body: (page: Page) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await openChromium();
  try {
    const page = await browser.newPage();
    // The port is known once the server listens.
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await body(page);
  } finally {
    await browser.close();
    server.close();
  }
}

/** Starts the system's Chromium. */
export function openChromium(): Promise<Browser> {
  const path = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  return chromium.launch({ executablePath: path.trim(), args: ['--no-sandbox'] });
}
