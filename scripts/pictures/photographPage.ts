import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/** Starts the built server in `root`, opens a recording on its page and saves a picture of it as PNG. */
export async function photographPage(root: string, clip: string, out: string): Promise<void> {
  const args = ['bin/sylstream.js', 'serve', '--port', '0', '--capacity', '16'];
  const server = spawn('node', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  server.stderr.resume();
  try {
    const url = await addressOf(server.stdout);
    const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
    const browser = await chromium.launch({
      executablePath: executablePath.trim(),
      args: ['--no-sandbox'],
    });
    try {
      const page = await browser.newPage({
        viewport: { width: 1200, height: 800 },
        colorScheme: 'light',
      });
      await page.goto(url);
      await page.waitForSelector('body[data-ready]');
      const chosen = page.waitForEvent('filechooser');
      await page.click('#open');
      await (await chosen).setFiles(clip);
      await page.waitForSelector('body[data-activity="done"]');
      await page.screenshot({ path: out });
    } finally {
      await browser.close();
    }
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('expected the server to print its address, got nothing');
}
