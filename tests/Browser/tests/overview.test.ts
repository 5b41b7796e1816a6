import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, launch, openPage } from '../src/browser'
import { Engine } from '../src/engine'
import { DEADLINE_MS } from '../src/environment'

let browser: Browser
let engine: Engine

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
  await work()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

/** A task that has been done, today. */
async function work(): Promise<void> {
  const id = await engine.register('Cost something', 'brain')
  await engine.report(id, { status: 'running' })
  await engine.report(id, { status: 'completed', cost_usd: 0.25, input_tokens: 1_000, output_tokens: 100, duration_seconds: 12 })
}

const poll = <T>(read: () => Promise<T> | T) => expect.poll(read, { timeout: DEADLINE_MS, interval: 50 })
const panel = (page: Page, name: RegExp) => page.getByRole('region', { name }).first()
const cost = (page: Page) => panel(page, /over time$/)
const points = async (page: Page) => Number(await cost(page).getByTestId('time-chart').getAttribute('data-points'))
/** What the canvas shows, as far as it differs. */
const picture = (page: Page) => cost(page).locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())

describe('the overview', () => {
  it('draws another range, and the same one after a reload', async () => {
    const { page, errors } = await openPage(browser, '/overview?zone=UTC')
    await poll(() => points(page)).toBe(30)
    const month = await picture(page)
    await page.getByRole('button', { name: '24 hours' }).click()
    await page.waitForURL(/range=24h/)
    await poll(() => points(page)).toBeGreaterThanOrEqual(24)
    await poll(async () => (await points(page)) <= 25).toBe(true)
    expect(await picture(page)).not.toBe(month)
    await cost(page).getByRole('combobox', { name: 'Step' }).selectOption('quarter_hour')
    await cost(page).getByRole('combobox', { name: 'Stacked by' }).selectOption('source')
    await page.waitForURL(/range=24h.*period=quarter_hour&by=source/)
    await poll(() => points(page)).toBeGreaterThanOrEqual(96)
    await page.reload()
    await poll(() => points(page)).toBeGreaterThanOrEqual(96)
    expect(await cost(page).getByRole('combobox', { name: 'Stacked by' }).inputValue()).toBe('source')
    await cost(page).getByRole('listitem').filter({ hasText: 'github' }).waitFor()
    expect(errors).toEqual([])
  })

  it('narrows to what is marked in a chart, and comes back', async () => {
    const { page } = await openPage(browser, '/overview?range=24h&zone=UTC')
    await poll(() => points(page)).toBeGreaterThanOrEqual(24)
    const before = await points(page)
    const over = (await cost(page).locator('.u-over').boundingBox())!
    await page.mouse.move(over.x + over.width * 0.5, over.y + 60)
    await page.mouse.down()
    await page.mouse.move(over.x + over.width * 0.7, over.y + 70, { steps: 4 })
    // Past its end, where the newest tasks are: the only ones that there have to be.
    await page.mouse.move(over.x + over.width + 10, over.y + 80, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=.*to=/)
    const search = new URL(page.url()).searchParams
    const hours = (Date.parse(search.get('to')!) - Date.parse(search.get('from')!)) / 3_600_000
    expect(hours).toBeGreaterThan(10)
    expect(hours).toBeLessThan(14.5)
    await poll(() => points(page)).toBe(Math.ceil(hours))
    await page.getByTestId('range').getByText(/–/).waitFor()
    await page.goBack()
    await poll(() => points(page)).toBe(before)
  })

  it('can be read as tables, and taken as files', async () => {
    const { page } = await openPage(browser, '/overview?range=today&zone=UTC')
    await cost(page).getByRole('button', { name: 'Table' }).click()
    await page.waitForURL(/range=today.*table=cost/)
    const table = cost(page).getByTestId('data-table')
    await table.waitFor()
    expect(await table.locator('thead th').allTextContents()).toEqual(expect.arrayContaining(['Time', 'brain', 'Total']))
    expect(await cost(page).getByTestId('time-chart').count()).toBe(0)
    for (const name of [/over time$/, /percentiles$/, /of the week$/, /^Breakdown$/]) {
      const href = await panel(page, name).getByRole('link', { name: /as CSV$/ }).getAttribute('href')
      const answer = await page.request.get(new URL(href!, page.url()).href)
      expect([answer.status(), answer.headers()['content-type']?.split(';')[0]]).toEqual([200, 'text/csv'])
      expect((await answer.text()).split('\n').length).toBeGreaterThan(1)
    }
    await page.getByTestId('breakdown').getByRole('row', { name: /brain/ }).waitFor()
    await page.reload()
    await table.waitFor()
  })

  it('follows what happens without a reload', async () => {
    const { page } = await openPage(browser, '/overview?range=today&zone=UTC')
    await connection(page, 'live')
    const tasks = async () => Number((await page.getByTestId('today-tasks').textContent())?.replaceAll(/\D/g, ''))
    await poll(tasks).toBeGreaterThan(0)
    const before = await tasks()
    const shown = Number(await page.evaluate(() => ((window as { stayed?: number }).stayed = 1)))
    await work()
    await poll(tasks).toBe(before + 1)
    await poll(async () => Number((await page.getByTestId('range-figures').locator('dd').nth(1).textContent())?.replaceAll(/\D/g, ''))).toBe(before + 1)
    expect(await page.evaluate(() => (window as { stayed?: number }).stayed)).toBe(shown)
  })

  it('fits a phone', async () => {
    const { page } = await openPage(browser, '/overview?range=today', { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 })
    await cost(page).getByTestId('time-chart').waitFor()
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])).toEqual([375, 375])
    // No tile cuts off what it says.
    await page.getByTestId('queued').waitFor()
    expect(await page.locator('.tile-note').evaluateAll((notes) => notes.filter((note) => note.scrollWidth > note.clientWidth).map((note) => note.textContent))).toEqual([])
  })
})
