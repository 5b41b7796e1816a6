import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { connection, expectLines, launch, openPage, taskUrl } from '../src/browser'
import { Engine } from '../src/engine'
import { CuttingProxy } from '../src/proxy'

let browser: Browser
let engine: Engine
let proxy: CuttingProxy

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

beforeEach(async () => {
  const started = await CuttingProxy.start()
  proxy = started
  onTestFinished(() => started.stop())
})

const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`)

async function say(id: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) await engine.say(id, `${line}\n`)
}

/** Brings the page's own attempt forward, as a reader who looks into the badge may. */
async function retryNow(page: Page): Promise<void> {
  await page.getByTestId('connection').click()
  await page.getByRole('button', { name: 'Try now' }).click({ timeout: 2_000 }).catch(() => undefined)
  await page.keyboard.press('Escape')
}

describe('when the WebSocket is cut', () => {
  it('the badge says so, polling keeps list and log fresh, and live resumes by itself with nothing missing or double', async () => {
    const id = await engine.register('Survive a cut')
    await engine.status(id, 'in_progress')
    const { page: list } = await openPage(browser, '/tasks', { base: proxy.url })
    const { page: task } = await openPage(browser, taskUrl(id), { base: proxy.url })
    await Promise.all([connection(list, 'live'), connection(task, 'live')])
    await say(id, numbered(1, 10))
    await expectLines(task, numbered(1, 10))

    proxy.cutWebSockets()
    await Promise.all([connection(list, 'polling'), connection(task, 'polling')])
    await say(id, numbered(11, 20))
    await expectLines(task, numbered(1, 20))
    const other = await engine.register('Born while the socket was down')
    await list.locator(`tr[data-task="${other}"] [data-status=queued]`).waitFor()
    await engine.report(other, { status: 'running' })
    await list.locator(`tr[data-task="${other}"] [data-status=running]`).waitFor()
    expect(proxy.webSockets).toBe(0)

    // Lines go on while the connection comes back, so some are read by polling and some come live.
    let stop = false
    let last = 20
    const speaking = (async () => {
      while (!stop) {
        last++
        await engine.say(id, `line ${last}\n`)
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    })()
    try {
      proxy.mend()
      await Promise.all([connection(list, 'live'), connection(task, 'live')])
    } finally {
      stop = true
      await speaking
    }
    await say(id, numbered(last + 1, last + 10))
    last += 10
    await task.keyboard.press('End')
    await task.locator('.log-text', { hasText: new RegExp(`^line ${last}$`) }).waitFor()
    await expectWhole(task, last)
    await engine.report(other, { status: 'completed' })
    await list.locator(`tr[data-task="${other}"] [data-status=completed]`).waitFor()
  })

  it('again and again, the log stays whole', async () => {
    const id = await engine.register('Survive many cuts')
    await engine.status(id, 'in_progress')
    const { page } = await openPage(browser, taskUrl(id), { base: proxy.url })
    let last = 0
    for (let round = 0; round < 4; round++) {
      await connection(page, 'live')
      await say(id, numbered(last + 1, last + 20))
      proxy.cutWebSockets()
      await say(id, numbered(last + 21, last + 40))
      last += 40
      proxy.mend()
      await retryNow(page)
    }
    await connection(page, 'live')
    await page.locator('.log-text', { hasText: new RegExp(`^line ${last}$`) }).waitFor()
    await expectWhole(page, last)
  })
})

describe('when the server is gone', () => {
  it('the badge says offline, what is known stays, and all comes back', async () => {
    const id = await engine.register('Survive the night')
    const { page } = await openPage(browser, '/tasks', { base: proxy.url })
    await connection(page, 'live')
    await page.locator(`tr[data-task="${id}"]`).waitFor()
    proxy.cutEverything()
    await connection(page, 'offline')
    await page.locator(`tr[data-task="${id}"] [data-status=queued]`).waitFor()
    await engine.report(id, { status: 'running' })
    proxy.mend()
    await connection(page, 'live')
    await page.locator(`tr[data-task="${id}"] [data-status=running]`).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})

/** Scrolls through the whole log: every line is there, once, in order. */
async function expectWhole(page: Page, last: number): Promise<void> {
  const lines = await page.getByTestId('log').evaluate(async (element) => {
    const seen = new Map<string, string>()
    for (let top = 0; ; top += element.clientHeight / 2) {
      element.scrollTop = top
      await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
      for (const row of element.querySelectorAll<HTMLElement>('[data-line]')) {
        const text = row.querySelector('.log-text')?.textContent
        if (text != null) seen.set(row.dataset['line']!, text)
      }
      if (top + element.clientHeight >= element.scrollHeight) break
    }
    const place = (name: string) => name.slice(1).split('.').map(Number) as [number, number?]
    return [...seen].sort(([a], [b]) => place(a)[0] - place(b)[0] || (place(a)[1] ?? 0) - (place(b)[1] ?? 0)).map(([, text]) => text)
  })
  expect(lines).toEqual(numbered(1, last))
}
