import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    // The test runner takes BASE_URL for itself.
    env: { SERVER_URL: process.env['BASE_URL'] ?? 'http://127.0.0.1:5000' },
    // One browser and one server: tests run one after the other, each with tasks of its own.
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
