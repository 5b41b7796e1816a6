import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectLines, launch, openPage, taskUrl } from '../src/browser'
import { Engine } from '../src/engine'
import { DEADLINE_MS } from '../src/environment'

let browser: Browser
let engine: Engine

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

const status = (page: Page, name: string) => page.getByTestId('facts').locator(`[data-status=${name}]`).waitFor()
const timeline = (page: Page) => page.getByTestId('timeline').locator('.status').allTextContents()

/** Statuses and output come by different ways: only what is there already is certain to come first. */
const running = (id: string) =>
  expect.poll(async () => (await engine.log(id)).some((entry) => entry.status === 'running'), { timeout: DEADLINE_MS }).toBe(true)

describe('steering a task', () => {
  it('a stop reaches the engine, and is not confirmed until the engine says so', async () => {
    const id = await engine.register('Stop me')
    await engine.status(id, 'in_progress')
    const { page, errors } = await openPage(browser, taskUrl(id))
    await connection(page, 'live')
    await status(page, 'running')
    const told = await engine.listen(id)
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await status(page, 'cancelled')
    expect(await told.next()).toMatchObject({ action: 'stop' })
    await expect.poll(() => page.getByTestId('stop-notice').textContent(), { timeout: DEADLINE_MS }).toMatch(/^Stop asked \d+ s ago; the engine has not confirmed/)
    await engine.report(id, { status: 'cancelled' })
    await page.getByTestId('stop-notice').waitFor({ state: 'detached' })
    expect(await timeline(page)).toEqual(['Queued', 'Running', 'Cancelled'])
    await told.close()
    expect(errors).toEqual([])
  })

  it('a retry is a new task that knows what it repeats', async () => {
    const id = await engine.register('Do me again')
    await engine.report(id, { status: 'running' })
    await engine.report(id, { status: 'failed', error: 'no luck' })
    const { page } = await openPage(browser, taskUrl(id))
    await page.getByRole('button', { name: 'Retry', exact: true }).click()
    await page.waitForURL((url) => url.pathname.startsWith('/tasks/') && !url.pathname.endsWith(id))
    await status(page, 'queued')
    await page.getByRole('list', { name: 'Related' }).getByRole('link').and(page.locator(`[title="${id}"]`)).click()
    await page.waitForURL(`**${taskUrl(id)}`)
    await status(page, 'failed')
  })

  it('an answer reaches the engine that waits for it', async () => {
    const id = await engine.register('Ask me')
    await engine.status(id, 'in_progress')
    await engine.say(id, 'Upgrade it as well? [y/N]\n')
    await engine.status(id, 'waiting_input')
    const { page } = await openPage(browser, taskUrl(id))
    await connection(page, 'live')
    const told = await engine.listen(id)
    await page.getByRole('textbox', { name: 'Answer to the agent' }).fill('y')
    await page.keyboard.press('Enter')
    expect(await told.next()).toMatchObject({ action: 'input', message: 'y' })
    await engine.status(id, 'in_progress')
    await status(page, 'running')
    await page.getByRole('textbox', { name: 'Answer to the agent' }).waitFor({ state: 'detached' })
    await expect.poll(() => timeline(page), { timeout: DEADLINE_MS }).toEqual(['Queued', 'Running', 'Waiting for input', 'Running'])
    await told.close()
  })
})

describe('the log', () => {
  const call = async (id: string, name: string, input: Record<string, unknown>, content: string) => {
    await engine.event(id, 'task:tool_call', { name, input })
    await engine.event(id, 'task:tool_result', { name, content, is_error: false })
  }

  it('folds a call and its result into one line, opens it, and opens all', async () => {
    const id = await engine.register('Call some tools')
    await engine.status(id, 'in_progress')
    await running(id)
    await call(id, 'Bash', { command: 'npm test' }, 'one\ntwo')
    await call(id, 'Read', { file_path: '/app/a.ts' }, 'three\nfour')
    const { page } = await openPage(browser, taskUrl(id))
    const folds = page.locator('[data-fold]')
    await expect.poll(() => folds.locator('.log-fold').allTextContents(), { timeout: DEADLINE_MS }).toEqual(['CallBashnpm test→  2 lines', 'CallRead/app/a.ts→  2 lines'])
    expect(await page.locator('.log-text').count()).toBe(0)
    await page.getByRole('button', { name: /Call Bash/ }).click()
    await expectLines(page, ['command: npm test', 'one', 'two'])
    await page.getByRole('button', { name: 'Expand all' }).click()
    await expectLines(page, ['command: npm test', 'one', 'two', 'file_path: /app/a.ts', 'three', 'four'])
    // The address says so too: whoever opens it sees the same.
    await page.waitForURL('**open=1')
    await page.reload()
    await expectLines(page, ['command: npm test', 'one', 'two', 'file_path: /app/a.ts', 'three', 'four'])
    await page.getByRole('button', { name: 'Expand all' }).click()
    await expectLines(page, [])
  })

  it('a link into a fold opens it, and a search finds what is folded', async () => {
    const id = await engine.register('Hide the needle')
    await engine.status(id, 'in_progress')
    await running(id)
    await call(id, 'Bash', { command: 'ls' }, 'hay\nneedle\nhay')
    await expect.poll(async () => (await engine.log(id)).some((entry) => entry.output?.includes('needle')), { timeout: DEADLINE_MS }).toBe(true)
    const offset = (await engine.log(id)).find((entry) => entry.output?.includes('needle'))!.offset
    const { page } = await openPage(browser, taskUrl(id, `#L${offset}.1`))
    const marked = page.locator('.log-row.is-selected .log-text')
    await marked.waitFor()
    expect(await marked.textContent()).toBe('needle')
    await page.goto(new URL(taskUrl(id), page.url()).href)
    await page.locator('[data-fold=closed]').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('needle')
    await page.locator('.log-text mark', { hasText: 'needle' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-fold=closed]').waitFor()
  })

  it('of 50,000 lines is searched', async () => {
    const id = await engine.register('A very long log')
    await engine.status(id, 'in_progress')
    for (let part = 0; part < 10; part++) {
      await engine.chunks(id, Array.from({ length: 500 }, (_, i) => Array.from({ length: 10 }, (_, j) => `line ${part * 5_000 + i * 10 + j} of the build\n`).join('')))
    }
    const { page } = await openPage(browser, taskUrl(id))
    await page.locator('.log-text', { hasText: 'line 49999 of the build' }).waitFor()
    await page.locator('[data-testid=backfill]').waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.keyboard.type('line 123')
    // 123, 1230–1239, 12300–12399
    await expect.poll(() => page.getByTestId('hits').textContent(), { timeout: DEADLINE_MS, interval: 20 }).toBe('111')
    await page.keyboard.press('Enter')
    await page.locator('.log-text mark.is-current').waitFor()
    await page.getByTestId('hits').filter({ hasText: /^\d+ of 111$/ }).waitFor()
  })
})
