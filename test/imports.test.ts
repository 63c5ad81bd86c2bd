import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/**
 * Which folder may import which: everything not said here is forbidden. `*` at the root (`main.ts`, `components.ts`)
 * joins all parts. `receive`, `pipeline` and `store` never know each other.
 */
const allowed: Record<string, readonly string[]> = {
  base: [],
  model: ['base'],
  wire: ['base', 'model'],
  component: ['base', 'model'],
  config: ['base', 'model', 'component'],
  // `wire` for decompression: bytes to bytes, no domain.
  listen: ['base', 'wire'],
  receive: ['base', 'model', 'wire', 'component'],
  spool: ['base', 'model'],
  pipeline: ['base', 'model', 'component', 'wire', 'spool', 'config'],
  store: ['base', 'model', 'component', 'wire'],
  query: ['base', 'model', 'store'],
  diagnose: ['base', 'model'],
  // What clients are told to sample.
  sampling: ['base', 'model', 'wire'],
  show: ['base', 'model', 'wire', 'query', 'diagnose'],
  demo: ['base', 'model', 'show/api/types.ts'],
  cli: ['base', 'model', 'config', 'query', 'diagnose', 'show', 'root'],
  ui: ['base', 'model', 'diagnose', 'show/api/types.ts', 'ui'],
  root: ['*'],
};

interface Import {
  readonly from: string;
  readonly file: string;
  readonly to: string;
  readonly target: string;
}

it('imports follow the allow-list', () => {
  const imports = [...sourcesUnder('src'), ...sourcesUnder('ui')].flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(20);
  const forbidden = imports.filter((i) => i.from !== i.to && !isAllowed(i)).map((i) => `${i.file} imports ${i.target}`);
  expect(forbidden).toEqual([]);
});

it('the allow-list names only folders that exist', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? [e.name] : [],
  );
  expect(Object.keys(allowed).filter((name) => name !== 'root' && name !== 'ui' && !folders.includes(name))).toEqual(
    [],
  );
});

function isAllowed({ from, to, target }: Import): boolean {
  const list = allowed[from] ?? [];
  return list.includes('*') || list.includes(to) || list.some((entry) => target === `src/${entry}`);
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) => m[1] ?? '');
  return found
    .map((specifier) => resolve(dirname(file), specifier.replace(/\?.*$/, '')))
    .map((target) => ({
      from: folderOf(file),
      file: relative(root, file),
      to: folderOf(target),
      target: relative(root, target),
    }));
}

function folderOf(path: string): string {
  const [top, second, third] = relative(root, path).split('/');
  if (top === 'ui') return 'ui';
  return third === undefined || second === undefined ? 'root' : second;
}

/** Tests may join what they test; only what ships is held to the table. */
function sourcesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(
      (e) =>
        e.isFile() && /\.tsx?$/.test(e.name) && !/\.test\.tsx?$/.test(e.name) && !/testing|open-test-/.test(e.name),
    )
    .map((e) => join(e.parentPath, e.name));
}
