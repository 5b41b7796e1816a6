import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const server = process.env['API_URL'] ?? 'http://127.0.0.1:5000'

export default defineConfig({
  plugins: [react()],
  build: {
    // The server serves the page from its own web root.
    outDir: '../Api/wwwroot',
    emptyOutDir: true,
    assetsDir: 'assets',
    target: 'es2022',
    sourcemap: false,
  },
  server: {
    proxy: {
      '/api': server,
      '/docs': server,
      '/metrics': server,
      '/openapi.json': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // Style sheets are empty to tests, but for the text of those whose contents are tested.
    css: { include: [/\.css\?raw$/] },
    // A machine that does other work beside is slow, not wrong.
    testTimeout: 20_000,
  },
})
