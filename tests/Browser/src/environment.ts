/** Where the server under test is: `BASE_URL` (see vitest.config.ts), and the `REDIS_URL` that it listens to. */
export const baseUrl = new URL(process.env['SERVER_URL']!)
export const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
export const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** The longest that any single condition is waited for. */
export const DEADLINE_MS = 20_000
