import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Packs the page once at build, as tightly as can be, so that the server never has to. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    closeBundle() {
      const dir = resolve(import.meta.dirname, 'dist/ui/assets');
      for (const name of readdirSync(dir).filter((file) => /\.(?:js|css|svg)$/.test(file))) {
        const path = join(dir, name);
        if (statSync(path).size < 1024) continue;
        const bytes = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: 'ui',
  publicDir: false,
  plugins: [packed()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2022',
    // The page's Content-Security-Policy allows no `data:` address.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: {
    // `npx vite` develops against an Ariane that runs: ARIANE=http://127.0.0.1:16686.
    proxy: { '/api': process.env['ARIANE'] ?? 'http://127.0.0.1:16686' },
  },
});
