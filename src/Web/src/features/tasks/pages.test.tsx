import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter, Route, Routes } from 'react-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConnectionBadge } from '../../app/ConnectionBadge'
import { isPollingOnly } from '../../app/pollingOnly'
import type { TaskSummary } from '../../api/types'
import { RealtimeClient } from '../../realtime/client'
import { FakeSocket } from '../../realtime/fakeSocket'
import { RealtimeProvider } from '../../realtime/react'
import { aStatusFrame, aTask } from '../../test/builders'
import { TaskPage } from './TaskPage'
import { TasksPage } from './TasksPage'

let tasks: TaskSummary[]
let fail: number | null
let stop: () => void
let client: RealtimeClient
let queries: QueryClient
let asked: string[]

beforeEach(() => {
  tasks = []
  asked = []
  fail = null
  FakeSocket.all = []
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 1 })
  stop = client.start()
  vi.stubGlobal('fetch', async (input: string) => {
    asked.push(input)
    const { pathname } = new URL(input, 'http://x')
    const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })
    if (fail !== null) return answer(fail, { detail: 'PostgreSQL is away.', request_id: 'req-7' })
    if (pathname === '/api/agents') return answer(200, [])
    if (pathname === '/api/health') return answer(200, { status: 'healthy', queue_length: 0 })
    if (pathname === '/api/tasks') return answer(200, { items: tasks, total: tasks.length, page: 1, per_page: 20, pages: 1, next: null, prev: null, totals: null })
    const task = tasks.find((candidate) => pathname.startsWith(`/api/tasks/${candidate.task_id}`))
    if (!task) return answer(404, { detail: 'Task not found' })
    if (!pathname.endsWith('/log')) return answer(200, { ...task, result: null, error: 'It broke', source_metadata: {}, last_offset: 0 })
    return answer(200, { task_id: task.task_id, entries: [], last_offset: 0, has_more: false, position: { channel: '', epoch: 'e1', offset: 0 } })
  })
})

afterEach(() => {
  cleanup()
  stop()
  localStorage.clear()
  vi.unstubAllGlobals()
})

function open(path: string) {
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return render(
    <RealtimeProvider client={client}>
      <QueryClientProvider client={queries}>
        <MemoryRouter initialEntries={[path]}>
          <ConnectionBadge />
          <Routes>
            <Route path="/tasks" element={<TasksPage />} />
            <Route path="/tasks/:taskId" element={<TaskPage />} />
          </Routes>
        </MemoryRouter>
      </QueryClientProvider>
    </RealtimeProvider>,
  )
}

const receive = (...frames: unknown[]) => act(() => frames.forEach((frame) => FakeSocket.last.receive(frame)))
const row = (id: string) => within(document.querySelector<HTMLElement>(`tr[data-task="${id}"]`)!)

describe('the list', () => {
  it('tells how to send the first task when there is none', async () => {
    open('/tasks')
    expect(screen.getByTestId('skeleton')).toBeTruthy()
    expect((await screen.findByTestId('no-tasks')).textContent).toContain("redis-cli PUBLISH task:demo-1:output 'hello'")
  })

  it('offers to clear the filters when nothing matches them', async () => {
    open('/tasks?status=failed')
    await userEvent.click(await screen.findByRole('button', { name: 'Clear the filters' }))
    expect(await screen.findByTestId('no-tasks')).toBeTruthy()
  })

  it('changes rows in place, and keeps new ones back while the pointer is in the table', async () => {
    tasks = [aTask()]
    open('/tasks')
    act(() => FakeSocket.last.connected())
    await waitFor(() => expect(row('task-1').getByText('Queued')).toBeTruthy())
    await userEvent.hover(row('task-1').getByText('Queued'))
    const { previous: _, ...created } = aStatusFrame({ task_id: 'task-2', status: 'queued', version: 1 })
    tasks = [aTask({ task_id: 'task-2', input_message: 'Second' }), aTask({ status: 'running', version: 2 })]
    receive(
      { type: 'subscribed', channel: 'tasks', epoch: 'e1', offset: 0 },
    )
    await screen.findByText('Second')
    tasks = [aTask({ task_id: 'task-3', input_message: 'Third' }), ...tasks]
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    receive(aStatusFrame({ offset: 1, previous: 'running', status: 'completed', version: 3 }), { ...created, offset: 2, task_id: 'task-3' })
    await act(() => vi.advanceTimersByTimeAsync(10_000))
    vi.useRealTimers()
    expect(row('task-1').getByText('Completed')).toBeTruthy()
    expect(screen.getByTestId('news').textContent).toBe('1 new task · Show')
    expect(screen.queryByText('Third')).toBeNull()
    await userEvent.click(screen.getByTestId('news'))
    expect(await screen.findByText('Third')).toBeTruthy()
    expect(screen.queryByTestId('news')).toBeNull()
  })

  it('lets new rows in by itself while nobody is in the table', async () => {
    tasks = [aTask()]
    open('/tasks')
    act(() => FakeSocket.last.connected())
    receive({ type: 'subscribed', channel: 'tasks', epoch: 'e1', offset: 0 })
    await screen.findByText('Fix it')
    tasks = [aTask({ task_id: 'task-2', input_message: 'Second' }), ...tasks]
    const { previous: _, ...created } = aStatusFrame({ task_id: 'task-2', status: 'queued', version: 1 })
    receive(created)
    expect(await screen.findByText('Second', undefined, { timeout: 3_000 })).toBeTruthy()
  })

  it('shows what went wrong, and tries again when asked', async () => {
    fail = 503
    open('/tasks')
    expect(await screen.findByText('PostgreSQL is away.')).toBeTruthy()
    expect(screen.getByText('Request req-7')).toBeTruthy()
    fail = null
    tasks = [aTask()]
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText('Fix it')).toBeTruthy()
  })

  it('says in the tab what is going on, and what failed until the reader is back', async () => {
    document.head.innerHTML = '<link rel="icon" href="data:,">'
    const icon = () => decodeURIComponent(document.querySelector<HTMLLinkElement>('link[rel="icon"]')!.href)
    tasks = [aTask({ status: 'running' })]
    open('/tasks')
    act(() => FakeSocket.last.connected())
    // The stub answers each of the counts with one task.
    await waitFor(() => expect(document.title).toBe('⏸1 (2) Tasks · Groote'))
    expect(icon()).toContain('#f59e0b')
    receive(aStatusFrame({ previous: 'running', status: 'failed', version: 3 }))
    expect(document.title).toBe('✗1 ⏸1 (1) Tasks · Groote')
    expect(icon()).toContain('#ef4444')
    await userEvent.keyboard('j')
    expect(document.title).toBe('⏸1 (1) Tasks · Groote')
  })
})

describe('one task', () => {
  it('that is not known says so', async () => {
    open('/tasks/nope')
    expect((await screen.findByTestId('not-found')).textContent).toContain('nope')
  })

  it('shows its error, and its state in the tab', async () => {
    tasks = [aTask({ status: 'failed' })]
    open('/tasks/task-1')
    expect((await screen.findByTestId('error')).textContent).toBe('Error It broke')
    expect(document.title).toBe('✗ Fix it · Groote')
  })

  it('says why nothing is to be seen', async () => {
    tasks = [aTask({ created_at: new Date(Date.now() - 185_000).toISOString() })]
    open('/tasks/task-1')
    await waitFor(() => expect(screen.getByTestId('silence').textContent).toMatch(/^Queued for 3 m\. It is not in the queue/))
  })
})

describe('a reconnection', () => {
  const subscribed = (channel: string, offset: number, more: object = {}) => receive({ type: 'subscribed', channel, epoch: 'e1', offset, ...more })
  const reconnect = async () => {
    act(() => FakeSocket.last.drop())
    act(() => client.retry())
    act(() => FakeSocket.last.connected())
    await act(async () => undefined)
  }

  it('loads nothing again where the server sends what was missed', async () => {
    tasks = [aTask({ status: 'queued' })]
    open('/tasks')
    await screen.findByText('Fix it')
    await waitFor(() => expect(queries.isFetching()).toBe(0))
    act(() => FakeSocket.last.connected())
    subscribed('tasks', 7)
    await waitFor(() => expect(queries.isFetching()).toBe(0))
    asked = []
    await reconnect()
    subscribed('tasks', 7, { recovered: true })
    receive(aStatusFrame({ channel: 'tasks', offset: 8, status: 'running', previous: 'queued', version: 2 }))
    await waitFor(() => expect(row('task-1').getByText('Running')).toBeTruthy())
    expect(asked).toEqual([])
    await reconnect()
    subscribed('tasks', 20)
    await waitFor(() => expect(asked.some((path) => path.startsWith('/api/tasks'))).toBe(true))
  })

  it('counts again what was counted while the connection was down', async () => {
    open('/tasks')
    act(() => FakeSocket.last.connected())
    subscribed('tasks', 7)
    await screen.findByTestId('no-tasks')
    act(() => FakeSocket.last.drop())
    await act(() => queries.refetchQueries({ queryKey: ['tasks', 'counts'] }))
    asked = []
    act(() => client.retry())
    act(() => FakeSocket.last.connected())
    subscribed('tasks', 7, { recovered: true })
    await waitFor(() => expect(asked.filter((path) => path.includes('per_page=1&')).length).toBe(4))
  })
})

describe('the badge', () => {
  it('follows the connection, and explains itself', async () => {
    open('/tasks')
    expect(screen.getByTestId('connection').textContent).toBe('Connecting')
    act(() => FakeSocket.last.connected())
    expect(screen.getByTestId('connection').textContent).toBe('Live')
    act(() => FakeSocket.last.drop())
    expect(screen.getByTestId('connection').textContent).toBe('Reconnecting')
    act(() => client.reportHttp(true))
    expect(screen.getByTestId('connection').textContent).toBe('Polling')
    await userEvent.click(screen.getByTestId('connection'))
    const details = screen.getByRole('dialog', { name: 'Connection details' })
    expect(details.textContent).toContain('Close code1006')
    await userEvent.click(within(details).getByRole('button', { name: 'Try now' }))
    expect(FakeSocket.all.length).toBe(2)
    await userEvent.keyboard('{Escape}')
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('switches the live connection off and on, and remembers that', async () => {
    open('/tasks')
    act(() => FakeSocket.last.connected())
    await userEvent.click(screen.getByTestId('connection'))
    await userEvent.click(screen.getByRole('checkbox', { name: /Only poll/ }))
    expect(screen.getByTestId('connection').textContent).toBe('Polling')
    expect(screen.getByRole('dialog').textContent).toContain('switched off')
    expect(screen.queryByRole('button', { name: 'Try now' })).toBeNull()
    expect(isPollingOnly()).toBe(true)
    await userEvent.click(screen.getByRole('checkbox', { name: /Only poll/ }))
    act(() => FakeSocket.last.connected())
    expect(screen.getByTestId('connection').textContent).toBe('Live')
    expect(isPollingOnly()).toBe(false)
  })
})
