import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNoOverflow, launch, openPage, phone, taskUrl } from '../src/browser'
import { Engine } from '../src/engine'

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

describe('the search in outputs', () => {
  it('finds a line, shows it, and leads to it', async () => {
    const word = `needle${randomUUID().slice(0, 8)}`
    const id = await engine.register('Look into the haystack')
    await engine.report(id, { status: 'running' })
    await engine.chunks(id, ['hay\n', `more hay\nthe <b>${word}</b> is here\nhay\n`, 'hay\n'])
    await engine.searchable(word)
    const { page, errors } = await openPage(browser, '/tasks')
    await page.getByRole('button', { name: 'in output' }).click()
    await page.getByRole('searchbox', { name: 'Search in output' }).fill(word)
    const hit = page.locator(`[data-hit="${id}"] .hit`)
    await hit.waitFor()
    expect(await hit.locator('.hit-text').textContent()).toBe(`the <b>${word}</b> is here`)
    expect(await hit.locator('mark').textContent()).toBe(word)
    await hit.click()
    await page.waitForURL(`**${taskUrl(id)}?q=${word}#L*.1`)
    const marked = page.locator('.log-row.is-selected .log-text')
    await marked.waitFor()
    expect(await marked.textContent()).toBe(`the <b>${word}</b> is here`)
    expect(await marked.locator('mark').textContent()).toBe(word)
    expect(errors).toEqual([])
  })

  it('finds nothing where there is nothing, also on a phone', async () => {
    const { page } = await openPage(browser, `/tasks?in=output&text=nowhere${randomUUID().slice(0, 8)}`, phone)
    await page.getByRole('heading', { name: 'Found nowhere' }).waitFor()
    await expectNoOverflow(page)
  })
})
