// The site of the documents. Its pages are gathered into site/pages by scripts/buildDocs.ts.
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../../scripts/prose/links.ts';

const page = (text, link) => ({ text, link });
/** Of these pages those that were gathered. */
const present = (...pages) =>
  pages.filter(({ link }) => existsSync(new URL(`../pages${link}.md`, import.meta.url)));

/** A cell without words in the head of a table heads nothing, and would be read out as if it did. */
function cornersAreNoHeadings({ tokens }) {
  for (const [n, token] of tokens.entries()) {
    if (token.type !== 'th_open' || tokens[n + 1].content !== '') continue;
    token.tag = 'td';
    tokens[n + 2].tag = 'td';
  }
}

export default defineConfig({
  title: 'sylstream',
  description:
    'Live syllable-rate speech units: speech in, units out while the person is still speaking',
  lang: 'en',
  srcDir: 'pages',
  cleanUrls: false,
  lastUpdated: false,
  // Addresses that a reader opens on an own machine.
  ignoreDeadLinks: [/^https?:\/\/(localhost|127\.0\.0\.1)/],
  // haproxy's configuration has no grammar of its own.
  // Its own names of headings would differ from those of GitHub where there is an underscore.
  markdown: {
    anchor: { slugify: anchorOf },
    config: (md) => md.core.ruler.push('corners', cornersAreNoHeadings),
    languageAlias: { haproxy: 'ini' },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { logLevel: 'warn', build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: {
      provider: 'local',
      // It is called what it shows: its word, and the key that opens it too. A space parts the two.
      options: { translations: { button: { buttonText: 'Search ', buttonAriaLabel: 'Search K' } } },
    },
    outline: [2, 3],
    nav: [
      page('Quick start', '/quick-start'),
      page('Ideas', '/concepts'),
      page('API', '/api/'),
      page('Commands', '/cli'),
      page('Protocol', '/protocol'),
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          page('sylstream', '/'),
          page('Quick start', '/quick-start'),
          page('Installing', '/install'),
          page('The ideas', '/concepts'),
          page('Privacy', '/privacy'),
        ],
      },
      {
        text: 'Who is it for',
        items: [
          page('Speech researchers', '/for/researcher'),
          page('Builders of voice agents', '/for/voice-agents'),
          page('Teachers and clinicians', '/for/speaking-rate'),
          page('Hobbyists', '/for/hobbyist'),
        ],
      },
      {
        text: 'Guides',
        items: [
          page('Files', '/guides/file'),
          page('A microphone', '/guides/microphone'),
          page('A server', '/guides/server'),
          ...present(page('The browser alone', '/browser')),
          page('What comes next', '/guides/continuation'),
          page('Speech from units', '/guides/speech'),
          page('Your own bundle', '/guides/bundle'),
          ...present(page('Published tokenizers', '/import')),
          page('A classification head', '/head'),
        ],
      },
      {
        text: 'Operations',
        items: [
          page('Running the server', '/server'),
          page('More than one machine', '/scale'),
          page('Reliability', '/reliability'),
          page('Security', '/security'),
          page('Performance', '/performance'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('API', '/api/'),
          page('The command line', '/cli'),
          page('Commands and options', '/reference/commands'),
          page('Protocol', '/protocol'),
          page('Messages, field by field', '/reference/messages'),
          page('Errors', '/errors'),
          page('Settings', '/reference/settings'),
          page('Metrics', '/metrics'),
          page('Bundle format', '/bundle'),
          page('Model card', '/model-card'),
        ],
      },
      {
        text: 'Examples',
        items: [
          ...present(page('Browser', '/examples/browser')),
          page('Node', '/examples/node'),
          page('Python', '/examples/python'),
          page('Ray', '/examples/ray'),
          page('A notebook', '/examples/notebook'),
        ],
      },
      {
        text: 'Research',
        items: [
          page('Papers, and what is ours', '/research'),
          page('Training', '/training'),
          page('Without a label', '/label-free'),
          page('How well units speak', '/speak'),
          page('Recipes', '/recipes'),
        ],
      },
      {
        text: 'Inside',
        items: [
          page('Architecture', '/architecture'),
          page('Contributing', '/contributing'),
          page('Releasing', '/releasing'),
          page('The log', '/log/'),
        ],
      },
    ],
  },
});
