import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serveCommand } from '../../server/serveCommand.ts';
import { createProgram } from '../../src/cli/main.ts';
import { commandPage } from './commandPage.ts';
import { messagePage } from './messagePage.ts';
import { pictureSize, withSizes } from './pictures.ts';
import { settingPage } from './settingPage.ts';
import { relinked, sitePages } from './sitePages.ts';

/** Writes the site's pages anew into `folder`: the documents with their links changed, pictures, and reference made from code. */
export function gather(root: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const pages = sitePages(root);
  for (const [page, place] of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    const sized = withSizes(text, page, (path) => pictureSize(join(root, path)));
    write(place, relinked(sized, page, pages));
  }
  cpSync(join(root, 'docs/pictures'), join(folder, 'pictures'), { recursive: true });
  const { commands } = createProgram(() => undefined, [serveCommand()]);
  write('reference/commands.md', commandPage(commands));
  write('reference/settings.md', settingPage());
  write(
    'reference/messages.md',
    messagePage(readFileSync(join(root, 'docs/asyncapi.yaml'), 'utf8')),
  );
}
