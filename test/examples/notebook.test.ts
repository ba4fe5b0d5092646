import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { build } from '../helpers/built.ts';
import { SMALL } from '../helpers/bundles.ts';
import { pythonWith, runPython } from '../helpers/python.ts';
import { present } from '../helpers/require.ts';

const root = resolve(import.meta.dirname, '../..');
const notebook = join(root, 'examples/notebook/units.ipynb');
const isHere =
  present('bundle small', existsSync(SMALL)) &&
  // What examples/notebook/requirements.txt lists.
  pythonWith('ipykernel, matplotlib, nbclient, numpy, pandas');

interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly outputs?: readonly { readonly data?: Readonly<Record<string, unknown>> }[];
  }[];
}

it.runIf(isHere)(
  'examples/notebook runs from its first cell to its last, and draws',
  () => {
    build();
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-notebook-'));
    const executed = join(folder, 'executed.ipynb');
    // The folder of the notebook is where it runs, as in Jupyter; what it draws needs no screen.
    const code = `import nbformat, os, sys
from nbclient import NotebookClient
source, folder, target, scratch = sys.argv[1:]
os.environ.update(IPYTHONDIR=scratch, MPLCONFIGDIR=scratch)
notebook = nbformat.read(source, as_version=4)
NotebookClient(notebook, timeout=120, resources={'metadata': {'path': folder}}).execute()
nbformat.write(notebook, target)`;
    try {
      runPython(code, notebook, join(notebook, '..'), executed, folder);
      const { cells } = JSON.parse(readFileSync(executed, 'utf8')) as Notebook;
      const outputs = cells.flatMap((cell) => cell.outputs ?? []);
      expect(outputs.filter(({ data = {} }) => 'image/png' in data)).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  180_000,
);

it('examples/notebook is kept without what a run made of it', () => {
  const { cells } = JSON.parse(readFileSync(notebook, 'utf8')) as Notebook;
  expect(cells.length).toBeGreaterThan(10);
  for (const { outputs = [] } of cells) expect(outputs).toEqual([]);
});
