import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RealtimeClient } from '../../realtime/client'
import { FakeSocket } from '../../realtime/fakeSocket'
import { RealtimeProvider } from '../../realtime/react'
import { BudgetPanel } from './BudgetPanel'
import { type Budget, outlook, parseThresholds, scopeWords } from './budgets'

const aBudget = (change: Partial<Budget> = {}): Budget => ({
  budget_id: 'budget-1', name: 'Team', amount_usd: 50, period: 'month', zone: 'Europe/Berlin', scope: 'agent', scope_value: 'brain', thresholds: [50, 80], action: 'notify',
  from: '2026-01-31T23:00:00Z', to: '2026-02-28T23:00:00Z', spent_usd: 41.2, percent: 82.4, status: 'warning',
  forecast: { expected_usd: 91.6, runs_out_at: '2026-02-15T06:00:00Z' },
  ...change,
})

let budgets: Budget[]
let asked: { method: string; path: string; body: unknown }[]
let refuse: ((method: string, path: string) => Response | null) | null
let client: RealtimeClient
let stop: () => void

beforeEach(() => {
  budgets = []
  asked = []
  refuse = null
  FakeSocket.all = []
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) { this.open = true }
  // Some hundreds of options make every question to the page slow.
  vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['Europe/Berlin'])
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 1 })
  stop = client.start()
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const url = new URL(input, 'http://x')
    const method = init?.method ?? 'GET'
    const body = init?.body ? (JSON.parse(init.body as string) as Record<string, unknown>) : undefined
    asked.push({ method, path: url.pathname + url.search, body })
    const refused = refuse?.(method, url.pathname)
    if (refused) return refused
    const answer = (answered: unknown) => new Response(JSON.stringify(answered))
    if (url.pathname === '/api/agents') return answer([{ name: 'brain', agent_type: 'planning', description: '' }])
    if (url.pathname.endsWith('/trips')) {
      return answer(url.searchParams.has('before')
        ? { items: [{ trip_id: 1, budget_id: 'budget-1', period_start: '2026-01-31T23:00:00Z', threshold: 50, spent_usd: 25, amount_usd: 50, tripped_at: '2026-02-03T10:00:00Z' }], next: null }
        : { items: [{ trip_id: 2, budget_id: 'budget-1', period_start: '2026-01-31T23:00:00Z', threshold: 80, spent_usd: 40.5, amount_usd: 50, tripped_at: '2026-02-10T10:00:00Z' }], next: 2 })
    }
    if (method === 'POST') budgets = [...budgets, aBudget({ ...(body as object), budget_id: 'budget-new', spent_usd: 0, percent: 0, status: 'ok', forecast: null })]
    if (method === 'PUT') budgets = budgets.map((one) => (url.pathname.endsWith(one.budget_id) ? { ...one, ...(body as object) } : one))
    if (method === 'DELETE') budgets = budgets.filter((one) => !url.pathname.endsWith(one.budget_id))
    return answer(method === 'GET' ? { items: budgets, total: budgets.length } : {})
  })
})

afterEach(() => {
  cleanup()
  stop()
  vi.unstubAllGlobals()
})

const open = () => render(
  <RealtimeProvider client={client}>
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><BudgetPanel /></QueryClientProvider>
  </RealtimeProvider>,
)
const dialog = () => screen.getByRole('dialog', { hidden: true })
const field = (label: string) => within(dialog()).getByLabelText<HTMLInputElement>(label)
/** At once, not letter by letter. */
const fill = (label: string, value: string) => fireEvent.change(field(label), { target: { value } })
const press = (name: string) => userEvent.click(within(dialog()).getByRole('button', { name, hidden: true }))

describe('the outlook', () => {
  it('is one sentence, in the zone of the budget', () => {
    expect(outlook(aBudget())).toMatch(/^Runs out Feb 15, 07:00; \$91\.60 expected by Mar 1?,? ?.*00:00$/)
    expect(outlook(aBudget({ forecast: { expected_usd: 45, runs_out_at: null } }))).toMatch(/^\$45\.00 expected by /)
    expect(outlook(aBudget({ forecast: null }))).toBe('Too early for a forecast')
    expect(outlook(aBudget({ forecast: null, spent_usd: 0, status: 'ok' }))).toMatch(/^Nothing spent; until /)
    expect(outlook(aBudget({ status: 'exceeded' }))).toMatch(/^Spent; begins anew /)
    expect(outlook(aBudget({ status: 'exceeded', action: 'block_chat' }))).toMatch(/^Spent: chat is stopped until /)
    expect(outlook(aBudget({ zone: 'Mars/Base' }))).toMatch(/06:00/)
    expect([scopeWords(aBudget()), scopeWords(aBudget({ scope: 'everything', scope_value: null }))]).toEqual(['agent brain', 'all tasks'])
  })

  it('percentages are read as people type them', () => {
    expect(['50, 80', '50 80%', '', '50;80;', 'half', '50.5'].map(parseThresholds)).toEqual([[50, 80], [50, 80], [], [50, 80], null, null])
  })
})

describe('the panel', () => {
  it('says so where there are none, and sets one', async () => {
    open()
    await screen.findByText(/^No budgets\./)
    await userEvent.click(screen.getByRole('button', { name: 'Add budget' }))
    fill('Name', 'Brain')
    fill('Amount, $', '12,5')
    fill('Period', 'day')
    fill('Zone', 'UTC')
    fill('For', 'agent')
    fill('Agent', 'brain')
    fill('When spent', 'block_chat')
    await press('Save')
    await screen.findByTestId('budget')
    expect(asked.find(({ method }) => method === 'POST')).toEqual({
      method: 'POST', path: '/api/budgets',
      body: { name: 'Brain', amount_usd: 12.5, period: 'day', zone: 'UTC', scope: 'agent', scope_value: 'brain', thresholds: [50, 80], action: 'block_chat' },
    })
    expect(screen.queryByRole('dialog', { hidden: true })).toBe(null)
    expect(screen.getByText('stops chat')).toBeTruthy()
  })

  it('shows how each stands, in words as well as in colour', async () => {
    budgets = [aBudget(), aBudget({ budget_id: 'budget-2', name: 'All', status: 'exceeded', spent_usd: 120, percent: 240, forecast: { expected_usd: 200, runs_out_at: null } })]
    open()
    const [first, second] = await screen.findAllByTestId('budget')
    const meter = within(first!).getByRole('meter', { name: 'Team: spent' })
    expect([meter.getAttribute('aria-valuenow'), meter.getAttribute('aria-valuetext')]).toEqual(['82.4', '$41.20 of $50.00, 82.4 %'])
    expect([...meter.querySelectorAll('i')].map((bar) => bar.style.width)).toEqual(['100%', '82.4%'])
    expect([first!.dataset['status'], second!.dataset['status']]).toEqual(['warning', 'exceeded'])
    expect(second!.textContent).toContain('240 %')
    expect(second!.textContent).toContain('Spent; begins anew')
    expect(within(second!).getByRole('meter').getAttribute('aria-valuenow')).toBe('100')
  })

  it('says at the field what the server refuses, and what it needs itself', async () => {
    budgets = [aBudget()]
    refuse = (method) => (method === 'PUT' ? new Response(JSON.stringify({
      detail: 'zone must be an IANA time zone.', errors: { zone: ['zone must be an IANA time zone.'], 'thresholds[1]': ['Too many.'] },
    }), { status: 422 }) : null)
    open()
    await userEvent.click(await screen.findByRole('button', { name: 'Edit Team' }))
    fill('Amount, $', '')
    await press('Save')
    expect(field('Amount, $').getAttribute('aria-invalid')).toBe('true')
    expect(asked.some(({ method }) => method === 'PUT')).toBe(false)
    fill('Amount, $', '60')
    await press('Save')
    await waitFor(() => expect(field('Zone').getAttribute('aria-invalid')).toBe('true'))
    expect(within(dialog()).getAllByRole('alert', { hidden: true }).map((alert) => alert.textContent)).toEqual(['zone must be an IANA time zone.', 'Too many.'])
    expect(document.getElementById(field('Zone').getAttribute('aria-describedby')!)?.textContent).toBe('zone must be an IANA time zone.')
    refuse = () => new Response(JSON.stringify({ detail: 'There are 100 budgets already, and there may not be more.' }), { status: 409 })
    await press('Save')
    await within(dialog()).findByText(/There are 100 budgets already/)
  })

  it('deletes only when it is meant', async () => {
    budgets = [aBudget()]
    open()
    await userEvent.click(await screen.findByRole('button', { name: 'Edit Team' }))
    await press('Delete')
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(false)
    await press('Delete it, with its history')
    await screen.findByText(/^No budgets\./)
  })

  it('tells when thresholds were reached, page by page', async () => {
    budgets = [aBudget()]
    open()
    await userEvent.click(await screen.findByRole('button', { name: 'When Team reached its thresholds' }))
    await within(dialog()).findByText('80 %')
    await press('Older')
    await within(dialog()).findByText('50 %')
    expect(within(dialog()).getAllByRole('listitem', { hidden: true }).map((row) => row.textContent?.slice(0, 20))).toEqual(['80 %$40.50 of $50.00', '50 %$25.00 of $50.00'])
  })

  it('follows what is spent, and what trips, without being asked', async () => {
    budgets = [aBudget()]
    open()
    await screen.findByText('82 %')
    act(() => FakeSocket.last.connected())
    budgets = [aBudget({ spent_usd: 45, percent: 90 })]
    act(() => FakeSocket.last.receive({ type: 'stats', channel: 'stats', timestamp: '2026-02-10T10:00:00Z', data: {} }))
    await screen.findByText('90 %')
    budgets = [aBudget({ spent_usd: 50, percent: 100, status: 'exceeded' })]
    act(() => FakeSocket.last.receive({ type: 'budget_trip', channel: 'system', timestamp: '2026-02-10T10:00:00Z', data: { budget_id: 'budget-1', threshold: 100 } }))
    await screen.findByText('100 %', {}, { timeout: 4_000 })
  })
})
