import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectNoOverflow, launch, openPage, phone } from '../src/browser'
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

/** Each test has an agent of its own, and with it a list of its own. */
const anAgent = () => `agent-${randomUUID().slice(0, 8)}`

const titles = (page: Page) => page.locator('tbody .task-link').allTextContents()
const expectTitles = (page: Page, expected: readonly string[]) => expect.poll(() => titles(page), { timeout: DEADLINE_MS }).toEqual(expected)
const row = (page: Page, id: string) => page.locator(`tr[data-task="${id}"]`)

describe('the list of tasks', () => {
  it('is filtered, sorted and paged, and its address shows somebody else the same', async () => {
    const agent = anAgent()
    for (let i = 0; i < 25; i++) {
      const id = await engine.register(`Costs ${i}`, agent)
      await engine.report(id, { status: 'running' })
      await engine.report(id, { status: i % 5 === 0 ? 'failed' : 'completed', cost_usd: i / 100 })
    }
    const { page, errors } = await openPage(browser, `/tasks?agent=${agent}`)
    await expect.poll(() => page.getByTestId('total').textContent(), { timeout: DEADLINE_MS }).toBe('25 tasks match')
    await page.getByRole('button', { name: 'Completed', exact: true }).click()
    await expect.poll(() => page.getByTestId('total').textContent(), { timeout: DEADLINE_MS }).toBe('20 tasks match')
    await page.getByRole('button', { name: 'Failed', exact: true }).click()
    await page.getByRole('columnheader', { name: 'Cost' }).getByRole('button').click()
    const byCost = Array.from({ length: 25 }, (_, i) => `Costs ${24 - i}`)
    await expectTitles(page, byCost.slice(0, 20))
    expect(await page.getByRole('columnheader', { name: 'Cost' }).getAttribute('aria-sort')).toBe('descending')
    await page.getByRole('button', { name: 'Next', exact: true }).click()
    await expectTitles(page, byCost.slice(20))
    expect(await page.getByRole('button', { name: 'Next', exact: true }).isDisabled()).toBe(true)

    const other = await openPage(browser, new URL(page.url()).pathname + new URL(page.url()).search)
    await expectTitles(other.page, byCost.slice(20))
    expect(await other.page.getByRole('button', { name: 'Failed', exact: true }).getAttribute('aria-pressed')).toBe('true')
    await other.page.getByRole('button', { name: 'Previous', exact: true }).click()
    await expectTitles(other.page, byCost.slice(0, 20))

    await page.goBack()
    await expectTitles(page, byCost.slice(0, 20))
    expect([errors, other.errors]).toEqual([[], []])
  })

  it('does not move under the pointer: new tasks are told, and come when asked for', async () => {
    const agent = anAgent()
    const id = await engine.register('Here first', agent)
    const { page } = await openPage(browser, `/tasks?agent=${agent}`)
    await connection(page, 'live')
    await row(page, id).hover()
    const before = await row(page, id).boundingBox()
    for (const title of ['Second', 'Third']) await engine.register(title, agent)
    await engine.status(id, 'in_progress')
    await row(page, id).locator('[data-status=running]').waitFor()
    await expect.poll(() => page.getByTestId('news').textContent(), { timeout: DEADLINE_MS }).toBe('2 new tasks · Show')
    expect(await row(page, id).boundingBox()).toEqual(before)
    expect(await titles(page)).toEqual(['Here first'])
    await page.getByTestId('news').click()
    await expectTitles(page, ['Third', 'Second', 'Here first'])
  })

  it('lets what no longer belongs to the view go once nobody is in it', async () => {
    const agent = anAgent()
    const id = await engine.register('Soon done', agent)
    await engine.report(id, { status: 'running' })
    const { page } = await openPage(browser, `/tasks?agent=${agent}&status=running`)
    await connection(page, 'live')
    await row(page, id).hover()
    await engine.report(id, { status: 'completed' })
    await row(page, id).locator('[data-status=completed]').waitFor()
    await page.mouse.move(5, 5)
    await row(page, id).waitFor({ state: 'detached' })
  })

  it('stops several tasks at once, and says what became of each', async () => {
    const agent = anAgent()
    const ids: string[] = []
    for (const title of ['A', 'B', 'C']) {
      const id = await engine.register(title, agent)
      await engine.report(id, { status: 'running' })
      ids.push(id)
    }
    await engine.report(ids[1]!, { status: 'completed' })
    const { page, errors } = await openPage(browser, `/tasks?agent=${agent}`)
    await expectTitles(page, ['C', 'B', 'A'])
    await page.getByRole('checkbox', { name: 'Select C', exact: true }).click()
    await page.getByRole('checkbox', { name: 'Select A', exact: true }).click({ modifiers: ['Shift'] })
    await page.getByRole('toolbar', { name: 'Selected tasks' }).getByText('3 selected').waitFor()
    await page.getByRole('toolbar', { name: 'Selected tasks' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('dialog', { name: 'Stop tasks' }).getByRole('button', { name: 'Stop them' }).click()
    const outcome = page.getByTestId('bulk-outcome')
    await outcome.getByText('2 of 3 tasks stopped').waitFor()
    expect(await outcome.getByRole('listitem').count()).toBe(1)
    expect(await outcome.getByRole('listitem').getByRole('link').getAttribute('href')).toBe(`/tasks/${ids[1]}`)
    await row(page, ids[0]!).locator('[data-status=cancelled]').waitFor()
    await row(page, ids[1]!).locator('[data-status=completed]').waitFor()
    await row(page, ids[2]!).locator('[data-status=cancelled]').waitFor()
    expect(errors).toEqual([])
  })

  it('is worked with by keys alone', async () => {
    const agent = anAgent()
    const ids: string[] = []
    for (const title of ['A', 'B']) ids.push(await engine.register(title, agent))
    const { page } = await openPage(browser, `/tasks?agent=${agent}`)
    await expectTitles(page, ['B', 'A'])
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('s')
    await page.getByRole('dialog', { name: 'Stop tasks' }).waitFor()
    await page.keyboard.press('Enter')
    await row(page, ids[0]!).locator('[data-status=cancelled]').waitFor()
    await row(page, ids[1]!).locator('[data-status=queued]').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.waitForURL('**/system')
    await page.goBack()
    await expectTitles(page, ['B', 'A'])
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/tasks/${ids[1]}`)
  })

  it('keeps a view and the columns for the next visit', async () => {
    const agent = anAgent()
    await engine.register('Mine', agent)
    const { page } = await openPage(browser, `/tasks?agent=${agent}&sort_by=duration`)
    await page.getByRole('button', { name: '+ Save view' }).click()
    await page.keyboard.type('My agent')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Id', exact: true }).check()
    await page.keyboard.press('Escape')
    await page.goto(new URL('/tasks', page.url()).href)
    await page.getByRole('columnheader', { name: 'Id' }).waitFor()
    await page.getByRole('link', { name: 'My agent' }).click()
    await expectTitles(page, ['Mine'])
    expect(new URL(page.url()).search).toBe(`?agent=${agent}&sort_by=duration`)
  })

  it('fits a phone: filters and order in a sheet, selection, nothing sticks out', async () => {
    const agent = anAgent()
    const cheap = await engine.register('Cheap', agent)
    const dear = await engine.register('Dear', agent)
    for (const [id, cost] of [[cheap, 0.5], [dear, 2]] as const) {
      await engine.report(id, { status: 'running' })
      await engine.report(id, { status: 'completed', cost_usd: cost })
    }
    await engine.register('Free', agent)
    const { page } = await openPage(browser, `/tasks?agent=${agent}`, phone)
    await expectTitles(page, ['Free', 'Dear', 'Cheap'])
    await expectNoOverflow(page)
    await page.getByRole('button', { name: 'Filters (1)' }).tap()
    const sheet = page.getByRole('dialog', { name: 'Filters' })
    await sheet.getByRole('combobox', { name: 'Order' }).selectOption('By cost ↑')
    await sheet.getByRole('spinbutton', { name: 'Cost, $ at least' }).fill('0.25')
    await sheet.getByRole('button', { name: 'Done' }).tap()
    await expectTitles(page, ['Cheap', 'Dear'])
    await page.getByRole('button', { name: /Cost ≥ \$0\.25/ }).waitFor()
    await expectNoOverflow(page)
    await page.getByRole('checkbox', { name: 'Select Dear' }).tap()
    await page.getByRole('toolbar', { name: 'Selected tasks' }).waitFor()
    await expectNoOverflow(page)
  })
})
