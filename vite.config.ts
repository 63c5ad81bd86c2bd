import { defineConfig } from 'vite';

export default defineConfig({
  root: 'ui',
  publicDir: false,
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
