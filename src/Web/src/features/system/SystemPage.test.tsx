import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Figures } from './figures'
import { SystemPage } from './SystemPage'
import { someFigures } from './testing'

let answer: () => Figures | number | Promise<never>
let queries: QueryClient

beforeEach(() => {
  vi.useFakeTimers()
  queries = new QueryClient()
  vi.stubGlobal('fetch', async () => {
    const figures = await answer()
    if (figures === 0) throw new TypeError('down')
    return typeof figures === 'number' ? new Response(JSON.stringify({ detail: 'PostgreSQL is away.' }), { status: figures }) : new Response(JSON.stringify(figures))
  })
})

afterEach(() => {
  cleanup()
  queries.clear()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const open = () => render(<QueryClientProvider client={queries}><SystemPage /></QueryClientProvider>)
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))
/** A poll, and what it takes until its answer is shown. */
const nextAnswer = () => pass(2_010)
const card = (name: string) => document.querySelector(`[data-card="${name}"] .card-value`)!.textContent
const part = (name: string) => within(document.querySelector<HTMLElement>(`[data-part="${name}"]`)!)

describe('the system page', () => {
  it('asks every two seconds, and shows rates from the second answer on', async () => {
    let second = 0
    answer = () => someFigures(second, { frames: second * 40, connections: 12, started_at: '2026-11-20T09:00:00Z' })
    open()
    expect(screen.getByTestId('skeleton')).toBeTruthy()
    await pass(5)
    expect(card('Connections')).toBe('12')
    expect(card('Frames sent')).toBe('–0 in all')
    second = 2
    await nextAnswer()
    expect(card('Frames sent')).toBe('40/s80 in all')
    expect(card('Publish to socket, p99')).toBe('–')
    expect(card('Inbox')).toBe('3room for 10')
    expect(screen.getAllByRole('img').length).toBeGreaterThan(10)
    expect(part('postgres').getByText('up')).toBeTruthy()
    expect(screen.getByTestId('health').textContent).toContain('healthy0.1.0 on a:1')
  })

  it('says what is not well', async () => {
    answer = () => someFigures(0, { status: 'degraded', postgres: 'down' })
    open()
    await pass(5)
    expect(part('postgres').getByText('down').className).toContain('is-bad')
    expect(part('redis').getByText('up').className).toContain('is-good')
    expect(part('task_log').getByText('storing').className).toContain('is-good')
    expect(screen.getByText('degraded').className).toContain('is-bad')
  })

  it('marks what was lost just now, and only that', async () => {
    let second = 0
    answer = () => someFigures(second, { gaps: second === 0 ? { slow_consumer: 4, other: 1 } : { slow_consumer: 6, other: 1 } })
    open()
    await pass(5)
    second = 2
    await nextAnswer()
    const rows = within(screen.getByRole('region', { name: 'Gaps told to clients' })).getAllByRole('row').slice(1)
    expect(rows.map((row) => [row.textContent, row.className])).toEqual([['slow consumer26', 'is-bad'], ['other01', '']])
    expect(within(screen.getByRole('region', { name: 'Frames dropped' })).getByText('none')).toBeTruthy()
  })

  it('offers to try again when the first answer fails', async () => {
    answer = () => 503
    open()
    await pass(5)
    expect(screen.getByRole('alert').textContent).toContain('PostgreSQL is away.')
    answer = () => someFigures(0)
    await act(async () => screen.getByRole('button', { name: 'Try again' }).click())
    await pass(5)
    expect(card('Connections')).toBe('0')
  })

  it('keeps the last known state when the server goes away, and comes back by itself', async () => {
    answer = () => someFigures(0, { connections: 5 })
    open()
    await pass(5)
    answer = () => 0
    await nextAnswer()
    expect(screen.getByRole('alert').textContent).toContain('The server cannot be reached.')
    expect(screen.getByText(/Shown is the last known state/)).toBeTruthy()
    expect(card('Connections')).toBe('5')
    answer = () => someFigures(4, { connections: 6 })
    await nextAnswer()
    expect(screen.queryByRole('alert')).toBe(null)
    expect(card('Connections')).toBe('6')
  })

  it('keeps processes apart where several answer', async () => {
    let turn = 0
    answer = () => someFigures(turn, turn++ % 2 === 0 ? { instance: 'a:1', connections: 1 } : { instance: 'b:2', connections: 2 })
    open()
    await nextAnswer()
    await nextAnswer()
    expect(card('Connections')).toBe('1')
    await act(async () => screen.getByRole('button', { name: 'b:2' }).click())
    expect(card('Connections')).toBe('2')
    await nextAnswer()
    expect(card('Connections')).toBe('2')
  })
})
