import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectNoOverflow, launch, openPage, phone } from '../src/browser'
import { Engine } from '../src/engine'
import { DEADLINE_MS, baseUrl } from '../src/environment'

let browser: Browser
let engine: Engine
const set: string[] = []

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

// A budget that stops chat would stop the tests that come after it.
afterEach(async () => {
  for (const id of set.splice(0)) await fetch(new URL(`/api/budgets/${id}`, baseUrl), { method: 'DELETE' })
})

const newAgent = () => `agent-${randomUUID().slice(0, 8)}`

async function post(path: string, body: unknown): Promise<Record<string, string>> {
  const response = await fetch(new URL(path, baseUrl), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, string>
}

async function budget(agent: string, amount: number, action = 'notify'): Promise<string> {
  const { budget_id: id } = await post('/api/budgets', { name: `Of ${agent}`, amount_usd: amount, period: 'month', scope: 'agent', scope_value: agent, action })
  set.push(id!)
  return id!
}

async function spend(agent: string, usd: number): Promise<void> {
  const id = await engine.register('Cost something', agent)
  await engine.report(id, { status: 'completed', cost_usd: usd })
}

const poll = <T>(read: () => Promise<T> | T) => expect.poll(read, { timeout: DEADLINE_MS, interval: 50 })
const row = (page: Page, name: string) => page.getByTestId('budget').filter({ hasText: name })

describe('budgets', () => {
  it('are set with the keyboard alone, followed live, changed and deleted', async () => {
    const agent = newAgent()
    const { page, errors } = await openPage(browser, '/overview?zone=UTC')
    await connection(page, 'live')
    await page.getByRole('button', { name: 'Add budget' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Add a budget' })
    await dialog.waitFor()
    expect(await dialog.getByLabel('Name').evaluate((field) => field === document.activeElement)).toBe(true)
    await page.keyboard.type(`Of ${agent}`)
    await page.keyboard.press('Tab')
    await page.keyboard.type('10')
    await page.keyboard.press('Tab')
    await page.keyboard.press('m')
    await dialog.getByLabel('For').selectOption('agent')
    await dialog.getByLabel('Agent').fill(agent)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    const mine = row(page, `Of ${agent}`)
    await mine.getByText('$0 of $10.00').waitFor()
    const { items } = (await (await fetch(new URL('/api/budgets', baseUrl))).json()) as { items: { budget_id: string; scope_value: string | null }[] }
    set.push(items.find(({ scope_value }) => scope_value === agent)!.budget_id)

    await page.evaluate(() => ((window as { stayed?: boolean }).stayed = true))
    await spend(agent, 6)
    await mine.getByText('$6.00 of $10.00').waitFor()
    await poll(() => mine.getAttribute('data-status')).toBe('warning')
    await spend(agent, 4)
    await poll(() => mine.getAttribute('data-status')).toBe('exceeded')
    expect(await mine.getByRole('meter').getAttribute('aria-valuetext')).toBe('$10.00 of $10.00, 100 %')
    await mine.getByText(/^Spent; begins anew/).waitFor()

    await mine.getByRole('button', { name: /reached its thresholds$/ }).click()
    await poll(async () => (await page.getByTestId('trips').getByRole('listitem').allTextContents()).map((text) => /^\d+ %/.exec(text)?.[0])).toEqual(['100 %', '80 %', '50 %'])
    await page.keyboard.press('Escape')

    await mine.getByRole('button', { name: /^Edit/ }).click()
    await page.getByLabel('Amount, $').fill('100')
    await page.keyboard.press('Enter')
    await poll(() => mine.getAttribute('data-status')).toBe('ok')
    await mine.getByRole('button', { name: /^Edit/ }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete it, with its history' }).click()
    await mine.waitFor({ state: 'detached' })
    expect(await page.evaluate(() => (window as { stayed?: boolean }).stayed)).toBe(true)
    expect(errors).toEqual([])
  })

  it('say at the field what is wrong with them', async () => {
    const { page } = await openPage(browser, '/overview')
    await page.getByRole('button', { name: 'Add budget' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('An amount is needed, such as 50.').waitFor()
    await page.getByLabel('Amount, $').fill('-1')
    await page.getByLabel('Zone').fill('Mars/Base')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('zone must be an IANA time zone such as Europe/Berlin.').waitFor()
    expect(await page.locator('.budget-form [aria-invalid=true]').count()).toBe(3)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('stop chat when they are spent, and say so where it was written', async () => {
    const agent = newAgent()
    await spend(agent, 2)
    const { conversation_id: conversation } = await post('/api/conversations', { title: `A talk with ${agent}`, agent_type: agent })
    await budget(agent, 1, 'block_chat')
    const { page } = await openPage(browser, `/conversations/${conversation}`)
    await connection(page, 'live')
    // A second may pass until it counts.
    await poll(async () => (await fetch(new URL(`/api/chat?session_id=browser-tests&conversation_id=${conversation}`, baseUrl), {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: 'Anybody?' }),
    })).status).toBe(409)
    const before = (await engine.messages(conversation!))!.length
    await page.getByRole('textbox', { name: /message/i }).fill('Do this')
    await page.keyboard.press('Enter')
    await page.getByText(new RegExp(`The budget “Of ${agent}” of \\$1 per month is spent\\. Chat goes on when it begins anew, at .*\\(UTC\\)\\.`)).waitFor()
    expect((await engine.messages(conversation!))!.length).toBe(before)
    await page.goto(new URL('/overview', baseUrl).href)
    await row(page, `Of ${agent}`).getByText(/^Spent: chat is stopped until/).waitFor()
  })

  it('explain themselves where there are none', async () => {
    const { page, errors } = await openPage(browser, '/tasks')
    await page.route('**/api/budgets', (route) => route.fulfill({ json: { items: [], total: 0 } }))
    await page.goto(new URL('/overview', baseUrl).href)
    await page.getByTestId('budgets').getByText(/^No budgets\./).waitFor()
    expect(errors).toEqual([])
  })

  it('fit a phone, light and dark', async () => {
    const agent = newAgent()
    await budget(`${agent}-with-a-name-that-is-far-too-long-for-a-phone`, 50)
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(browser, '/overview', { ...phone, colorScheme })
      await row(page, agent).waitFor()
      await expectNoOverflow(page)
      await row(page, agent).getByRole('button', { name: /^Edit/ }).tap()
      await page.getByRole('dialog').waitFor()
      await expectNoOverflow(page)
    }
  })
})
