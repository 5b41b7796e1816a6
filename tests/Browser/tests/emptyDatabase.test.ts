import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectNoOverflow, launch, openPage, phone } from '../src/browser'
import { Engine, newTaskId } from '../src/engine'
import { DEADLINE_MS, baseUrl } from '../src/environment'

let browser: Browser
let engine: Engine

beforeAll(async () => {
  // vitest.config.ts lets this file run first. The last test of it makes the first task.
  expect(await total('/api/tasks'), 'these tests are of a server on an empty database').toBe(0)
  expect(await total('/api/budgets')).toBe(0)
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

async function total(path: string): Promise<number> {
  const response = await fetch(new URL(path, baseUrl))
  return ((await response.json()) as { total: number }).total
}

const poll = <T>(read: () => Promise<T> | T) => expect.poll(read, { timeout: DEADLINE_MS, interval: 50 })
const panel = (page: Page, name: RegExp) => page.getByRole('region', { name }).first()
const nothing = (page: Page) => page.getByText(/^No (tasks|first runs of conversations) in this time\.$/).count()
const figures = (page: Page) => page.getByTestId('range-figures').locator('dd').allTextContents()
/** Attributes too: those of a line that was divided by zero are not seen as text. */
const expectNoNonsense = async (page: Page): Promise<void> => {
  for (const part of ['#main', 'head title']) expect(await page.locator(part).innerHTML()).not.toMatch(/NaN|Infinity|undefined|\bnull\b|Invalid Date/)
}

describe('an empty database', () => {
  it('has an overview of zeros and of sentences', async () => {
    const { page, errors, complaints } = await openPage(browser, '/overview?zone=UTC')
    await connection(page, 'live')
    await poll(() => nothing(page)).toBe(4)
    const tiles = page.getByTestId('tiles')
    expect(await Promise.all(['today-cost', 'today-tasks', 'today-success', 'running', 'queued'].map((id) => tiles.getByTestId(id).textContent()))).toEqual(['$0', '0', '–', '0', '0'])
    await poll(() => figures(page)).toEqual(['$0', '0', '–', '$0', '0 s', '0'])
    // Nothing is compared with nothing.
    expect(await tiles.getByText('than yesterday').count()).toBe(0)
    expect(await page.getByTestId('time-chart').count()).toBe(0)
    expect(await page.getByTestId('week').count()).toBe(0)
    expect(await page.getByTestId('breakdown').count()).toBe(0)
    await page.getByTestId('budgets').getByText(/^No budgets\./).waitFor()
    // The small courses are lines along zero; that of the success rate, of which nothing is known, is none.
    await poll(() => tiles.locator('.course path').count()).toBe(2)
    await expectNoNonsense(page)
    expect([errors, complaints]).toEqual([[], []])
  })

  it('has nothing in any range, by anything', async () => {
    const { page, errors, complaints } = await openPage(browser, '/overview?zone=Asia/Kolkata')
    for (const range of ['Today', '24 hours', '7 days', '90 days', '1 year', '30 days']) {
      await page.getByRole('button', { name: range }).click()
      await page.locator('.panel[aria-busy=true]').first().waitFor({ state: 'detached' })
      await poll(() => nothing(page)).toBe(4)
      await expectNoNonsense(page)
    }
    await panel(page, /over time$/).getByRole('combobox', { name: 'Measure' }).selectOption('tasks')
    await panel(page, /percentiles$/).getByRole('combobox', { name: 'Latency of' }).selectOption('queue_time')
    for (const by of ['agent_type', 'source', 'model', 'status']) {
      await panel(page, /over time$/).getByRole('combobox', { name: 'Stacked by' }).selectOption(by)
      await panel(page, /^Breakdown$/).getByRole('combobox', { name: 'Breakdown by' }).selectOption(by)
      await page.waitForURL(new RegExp(`by=${by}.*breakdown=${by}`))
      await poll(() => nothing(page)).toBe(4)
    }
    for (const [by, address, what] of [['user', /breakdown\?.*by=user/, 'tasks'], ['conversation', /conversations\?.*order=cost/, 'first runs of conversations']] as const) {
      const answered = page.waitForResponse(address)
      await panel(page, /^Breakdown$/).getByRole('combobox', { name: 'Breakdown by' }).selectOption(by)
      expect((await answered).status()).toBe(200)
      await page.waitForURL(new RegExp(`breakdown=${by}`))
      await panel(page, /^Breakdown$/).getByText(`No ${what} in this time.`).waitFor()
      await poll(() => nothing(page)).toBe(4)
    }
    await expectNoNonsense(page)
    expect([errors, complaints]).toEqual([[], []])
  })

  it('has tables of zeros, and files with a heading', async () => {
    const { page, errors, complaints } = await openPage(browser, '/overview?range=7d&zone=UTC&table=cost,latency,week')
    const [cost, latency] = [panel(page, /over time$/), panel(page, /percentiles$/)]
    await poll(() => cost.locator('tbody tr').count()).toBe(7)
    expect(await cost.locator('thead th').allTextContents()).toEqual(['Time', 'Total'])
    expect(new Set(await cost.locator('tbody td').allTextContents())).toEqual(new Set(['$0']))
    await poll(() => latency.locator('tbody tr').count()).toBe(7)
    expect(new Set(await latency.locator('tbody td').allTextContents())).toEqual(new Set(['–', '0']))
    // Of the hours of a week, and of the breakdown.
    await poll(() => nothing(page)).toBe(2)
    for (const name of [/over time$/, /percentiles$/, /of the week$/, /^Breakdown$/]) {
      const href = await panel(page, name).getByRole('link', { name: /as CSV$/ }).getAttribute('href')
      const answer = await page.request.get(new URL(href!, page.url()).href)
      expect([answer.status(), answer.headers()['content-type']?.split(';')[0]]).toEqual([200, 'text/csv'])
      // A spreadsheet without rows still says what its columns would be.
      expect(await answer.text()).toMatch(/^[a-z_.,0-9]+\r?\n/)
      expect(await answer.text()).not.toMatch(/NaN|Infinity|∞/)
    }
    await expectNoNonsense(page)
    expect([errors, complaints]).toEqual([[], []])
  })

  it('has budgets of which nothing is spent', async () => {
    const set = await fetch(new URL('/api/budgets', baseUrl), {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'Of all', amount_usd: 50, period: 'month' }),
    })
    expect(set.status).toBe(200)
    const { budget_id: id } = (await set.json()) as { budget_id: string }
    const { page, errors, complaints } = await openPage(browser, '/overview?zone=UTC')
    const row = page.getByTestId('budget')
    await row.getByText('$0 of $50.00').waitFor()
    await row.getByText(/^Nothing spent; until/).waitFor()
    expect(await row.getByRole('meter').getAttribute('aria-valuetext')).toBe('$0 of $50.00, 0 %')
    await row.getByRole('button', { name: /reached its thresholds$/ }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await expectNoNonsense(page)
    expect([errors, complaints]).toEqual([[], []])
    expect((await fetch(new URL(`/api/budgets/${id}`, baseUrl), { method: 'DELETE' })).ok).toBe(true)
  })

  it('fits a phone', async () => {
    const { page } = await openPage(browser, '/overview', phone)
    await poll(() => nothing(page)).toBe(4)
    await expectNoOverflow(page)
  })

  it('is one no more with the first task, which appears without a reload', async () => {
    const { page, errors, complaints } = await openPage(browser, '/overview?range=today&zone=UTC&measure=tasks')
    await connection(page, 'live')
    await poll(() => nothing(page)).toBe(4)
    await page.evaluate(() => ((window as { stayed?: boolean }).stayed = true))
    const id = newTaskId()
    const made = await fetch(new URL('/api/tasks', baseUrl), {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task_id: id, source: 'github', input_message: 'The first one', assigned_agent: 'brain' }),
    })
    expect(made.ok).toBe(true)
    await poll(() => page.getByTestId('today-tasks').textContent()).toBe('1')
    await poll(() => page.getByTestId('queued').textContent()).toBe('1')
    await poll(() => figures(page)).toEqual(['$0', '1', '–', '$0', '0 s', '0'])
    // It has no duration yet; everything else has something to show.
    await panel(page, /over time$/).getByTestId('time-chart').waitFor()
    await panel(page, /over time$/).getByRole('listitem').filter({ hasText: 'brain' }).waitFor()
    await panel(page, /of the week$/).getByTestId('week').waitFor()
    await page.getByTestId('breakdown').getByRole('row', { name: /brain/ }).waitFor()
    await poll(() => nothing(page)).toBe(1)
    await expectNoNonsense(page)
    await engine.report(id, { status: 'running' })
    await engine.report(id, { status: 'completed', cost_usd: 0.25, input_tokens: 1_000, output_tokens: 100, duration_seconds: 12 })
    await poll(() => page.getByTestId('today-success').textContent()).toBe('100 %')
    await poll(() => page.getByTestId('today-cost').textContent()).toBe('$0.250')
    await panel(page, /percentiles$/).getByTestId('time-chart').waitFor()
    expect(await nothing(page)).toBe(0)
    expect(await page.evaluate(() => (window as { stayed?: boolean }).stayed)).toBe(true)
    await expectNoNonsense(page)
    expect([errors, complaints]).toEqual([[], []])
  })
})
