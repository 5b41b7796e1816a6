/** The simulated agent engine, which takes what is said from the queue and does it. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { baseUrl, redisUrl } from './environment'

const built = ['release', 'debug']
  .map((configuration) => fileURLToPath(new URL(`../../../artifacts/bin/DemoEngine/${configuration}/GrooteDashboard.DemoEngine.dll`, import.meta.url)))

/** Runs until the test ends. It makes no tasks of its own. */
export function startDemoEngine(speed: number): void {
  const program = built.find((candidate) => existsSync(candidate))
  if (!program) throw new Error('The demo engine is not built: dotnet build tools/DemoEngine')
  const engine = spawn('dotnet', [program, '--rate', '0', '--speed', String(speed), '--seed', '7'], {
    env: { ...process.env, DASHBOARD_URL: baseUrl.href, REDIS_URL: redisUrl },
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()))
  onTestFinished(async () => {
    engine.kill('SIGTERM')
    await ended
  })
}
