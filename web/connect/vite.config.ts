import { defineConfig } from 'vite'

// The built files are part of the program and of the repository: a test builds
// them again and compares. No source maps, which would double them.
export default defineConfig({
  base: '/connect-account/',
  build: {
    target: 'es2022',
    outDir: '../../internal/connectpage/dist',
    emptyOutDir: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
})
