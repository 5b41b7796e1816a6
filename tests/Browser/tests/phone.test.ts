import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectLines, expectNoOverflow, launch, openPage, phone, taskUrl } from '../src/browser'
import { Engine } from '../src/engine'

let browser: Browser
let engine: Engine
const width = 375

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

describe('on a phone', () => {
  it('list and task are usable, and nothing sticks out', async () => {
    const id = await engine.register(`A title that is far too long for a phone ${'and goes on '.repeat(20)}`)
    await engine.status(id, 'in_progress')
    await engine.say(id, `short\n${'a very long line '.repeat(60)}\n`)
    const { page } = await openPage(browser, '/tasks', phone)
    const card = page.locator(`tr[data-task="${id}"]`)
    await card.locator('[data-status=running]').waitFor()
    await expectNoOverflow(page)
    expect((await card.boundingBox())!.width).toBeLessThanOrEqual(width)

    await page.getByRole('button', { name: 'Running', exact: true }).tap()
    await page.waitForURL('**/tasks?status=running')
    await card.tap()
    await page.waitForURL(`**${taskUrl(id)}`)
    await page.locator('.log-text', { hasText: /^short$/ }).waitFor()
    await expectNoOverflow(page)

    await page.getByRole('button', { name: 'Wrap lines' }).tap()
    await page.waitForURL('**wrap=1')
    const long = page.locator('.log-text', { hasText: 'a very long line' })
    await expect.poll(async () => (await long.boundingBox())!.height).toBeGreaterThan(100)
    expect((await long.boundingBox())!.width).toBeLessThanOrEqual(width)

    await page.getByRole('button', { name: 'Search', exact: true }).tap()
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('short')
    await expect.poll(() => page.getByTestId('hits').textContent()).toBe('1')
    await page.getByTestId('connection').tap()
    await page.getByRole('dialog', { name: 'Connection details' }).waitFor()
    await expectNoOverflow(page)
  })

  it('the log follows what comes', async () => {
    const id = await engine.register('Follow on a phone')
    await engine.status(id, 'in_progress')
    const { page } = await openPage(browser, taskUrl(id), phone)
    await connection(page, 'live')
    await engine.say(id, 'one\n')
    await expectLines(page, ['one'])
    for (let i = 0; i < 80; i++) await engine.say(id, `more ${i}\n`)
    await page.locator('.log-text', { hasText: /^more 79$/ }).waitFor()
    await expectNoOverflow(page)
  })
})
