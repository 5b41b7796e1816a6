import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter, Route, Routes, useLocation } from 'react-router'
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
let sent: { path: string; body: unknown }[]
let answers: Record<string, unknown>
let details: Record<string, unknown>
let more: Record<string, unknown>

beforeEach(() => {
  tasks = []
  asked = []
  sent = []
  answers = {}
  details = {}
  more = {}
  fail = null
  FakeSocket.all = []
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 1 })
  stop = client.start()
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    asked.push(input)
    const { pathname, searchParams } = new URL(input, 'http://x')
    const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })
    if (fail !== null) return answer(fail, { detail: 'PostgreSQL is away.', request_id: 'req-7' })
    if (init?.method === 'POST') sent.push({ path: pathname, body: JSON.parse(String(init.body ?? 'null')) })
    if (pathname in answers) return answer(200, answers[pathname])
    if (searchParams.has('parent')) return answer(200, { items: [], total: 0, page: 1, per_page: 5, pages: 0 })
    if (pathname === '/api/agents') return answer(200, [])
    if (pathname === '/api/health') return answer(200, { status: 'healthy', queue_length: 0 })
    if (pathname === '/api/tasks') return answer(200, { items: tasks, total: tasks.length, page: 1, per_page: 20, pages: 1, next: null, prev: null, totals: null, ...more })
    const task = tasks.find((candidate) => pathname.startsWith(`/api/tasks/${candidate.task_id}`))
    if (!task) return answer(404, { detail: 'Task not found' })
    if (!pathname.endsWith('/log')) return answer(200, { ...task, result: null, error: 'It broke', source_metadata: {}, last_offset: 0, ...details })
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
          <Address />
          <Routes>
            <Route path="/tasks" element={<TasksPage />} />
            <Route path="/tasks/:taskId" element={<TaskPage />} />
          </Routes>
        </MemoryRouter>
      </QueryClientProvider>
    </RealtimeProvider>,
  )
}

function Address() {
  const { pathname, search } = useLocation()
  return <span data-testid="address">{pathname + search}</span>
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

describe('the table', () => {
  const address = () => screen.getByTestId('address').textContent!
  const link = (id: string) => row(id).getByRole('link')
  beforeEach(() => {
    tasks = ['a', 'b', 'c', 'd'].map((name) => aTask({ task_id: `task-${name}`, input_message: `Task ${name}`, status: name === 'd' ? 'completed' : 'running' }))
  })

  it('sorts by a column, the other way at the second press, and says so', async () => {
    open('/tasks?status=running&after=abc')
    await screen.findByText('Task a')
    const cost = screen.getByRole('columnheader', { name: /Cost/ })
    expect(cost.getAttribute('aria-sort')).toBe('none')
    await userEvent.click(within(cost).getByRole('button'))
    // Another order is another list: its beginning is shown.
    expect(address()).toBe('/tasks?status=running&sort_by=cost')
    await waitFor(() => expect(asked.at(-1)).toContain('sort_by=cost&sort_order=desc'))
    expect(screen.getByRole('columnheader', { name: /Cost/ }).getAttribute('aria-sort')).toBe('descending')
    await userEvent.click(within(screen.getByRole('columnheader', { name: /Cost/ })).getByRole('button'))
    expect(address()).toBe('/tasks?status=running&sort_by=cost&sort_order=asc')
    await userEvent.click(within(screen.getByRole('columnheader', { name: /Agent/ })).getByRole('button'))
    expect(address()).toBe('/tasks?status=running&sort_by=agent&sort_order=asc')
  })

  it('pages by the cursors that the server gives', async () => {
    more = { next: 'n=1', prev: null }
    open('/tasks')
    await screen.findByText('Task a')
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Previous' }).disabled).toBe(true)
    await userEvent.click(screen.getByRole('button', { name: 'Next' }))
    expect(address()).toBe('/tasks?after=n%3D1')
    await waitFor(() => expect(asked.some((path) => path.includes('after=n%3D1'))).toBe(true))
    more = { next: null, prev: 'p' }
    await act(() => queries.invalidateQueries())
    await userEvent.click(await screen.findByRole('button', { name: 'Previous' }))
    expect(address()).toBe('/tasks?before=p')
    await userEvent.click(screen.getByRole('button', { name: 'First' }))
    expect(address()).toBe('/tasks')
  })

  it('shows the columns that were chosen, also next time', async () => {
    open('/tasks')
    await screen.findByText('Task a')
    expect(screen.queryByRole('columnheader', { name: /Type/ })).toBeNull()
    await userEvent.click(screen.getByRole('button', { name: 'Columns' }))
    await userEvent.click(screen.getByRole('checkbox', { name: 'Type' }))
    await userEvent.click(screen.getByRole('checkbox', { name: 'Cost' }))
    cleanup()
    open('/tasks')
    expect(await screen.findByRole('columnheader', { name: /Type/ })).toBeTruthy()
    expect(screen.queryByRole('columnheader', { name: /Cost/ })).toBeNull()
    localStorage.clear()
  })

  it('is steered by keys, and a stop says what became of each task', async () => {
    answers['/api/tasks/stop'] = { results: [
      { task_id: 'task-b', ok: true, status: 'cancelled' }, { task_id: 'task-c', ok: true, status: 'cancelled' },
      { task_id: 'task-d', ok: false, status: 'completed', detail: 'Cannot stop task in status: completed' },
    ] }
    open('/tasks')
    await screen.findByText('Task a')
    await userEvent.keyboard('jj')
    expect(document.activeElement).toBe(link('task-b'))
    await userEvent.keyboard('xjj')
    await userEvent.keyboard('X')
    expect(screen.getByRole('toolbar', { name: 'Selected tasks' }).textContent).toContain('3 selected')
    await userEvent.keyboard('s')
    const dialog = screen.getByRole('dialog', { name: 'Stop tasks' })
    expect(dialog.textContent).toContain('Stop 3 tasks?')
    expect(sent).toEqual([])
    await userEvent.click(within(dialog).getByRole('button', { name: 'Stop them' }))
    expect(await screen.findByText('2 of 3 tasks stopped')).toBeTruthy()
    expect(sent).toEqual([{ path: '/api/tasks/stop', body: { task_ids: ['task-b', 'task-c', 'task-d'] } }])
    expect(screen.getByTestId('bulk-outcome').textContent).toContain('Cannot stop task in status: completed')
    // Not all of it was done: what was selected stays so.
    expect(screen.getByRole('toolbar', { name: 'Selected tasks' })).toBeTruthy()
    await userEvent.keyboard('{Escape}')
    expect(screen.queryByRole('toolbar', { name: 'Selected tasks' })).toBeNull()
  })

  it('asks before it stops the one task that has the focus, and does nothing when told to leave it', async () => {
    open('/tasks')
    await screen.findByText('Task a')
    await userEvent.keyboard('s')
    expect(screen.queryByRole('dialog')).toBeNull()
    await userEvent.keyboard('js')
    await userEvent.click(within(screen.getByRole('dialog', { name: 'Stop tasks' })).getByRole('button', { name: 'Leave it' }))
    expect([screen.queryByRole('dialog'), sent]).toEqual([null, []])
  })

  it('exports what is filtered, whatever the page and the order', async () => {
    open('/tasks?status=failed&cost_min=1&sort_by=cost&after=x')
    await screen.findByText('Task a')
    await userEvent.keyboard('e')
    const csv = screen.getByRole<HTMLAnchorElement>('link', { name: /CSV/ })
    expect(csv.getAttribute('href')).toBe('/api/tasks/export?status=failed&cost_min=1&format=csv')
    await userEvent.keyboard('{Escape}')
    expect(screen.queryByRole('link', { name: /CSV/ })).toBeNull()
  })

  it('shows what the whole filter comes to', async () => {
    more = { totals: { tasks: 4, cost_usd: 12.345, input_tokens: 1_200_000, output_tokens: 34_000 } }
    open('/tasks?agent=brain')
    expect((await screen.findByTestId('total')).textContent).toBe('4 tasks match')
    expect(screen.getByTestId('total-cost').textContent).toBe('$12.35')
    expect(screen.getByText('1.2M tokens')).toBeTruthy()
  })

  it('keeps a view under a name, opens it, and forgets it', async () => {
    open('/tasks?agent=planning&sort_by=cost')
    await userEvent.click(await screen.findByRole('button', { name: '+ Save view' }))
    await userEvent.type(screen.getByRole('textbox', { name: 'Name' }), 'Costly plans{Enter}')
    expect(screen.getByRole('link', { name: 'Costly plans' }).getAttribute('aria-current')).toBe('page')
    await userEvent.click(screen.getByRole('link', { name: /^Failed today/ }))
    expect(address()).toBe('/tasks?status=failed&when=today')
    await userEvent.click(screen.getByRole('link', { name: 'Costly plans' }))
    expect(address()).toBe('/tasks?agent=planning&sort_by=cost')
    await userEvent.click(screen.getByRole('button', { name: 'Forget the view Costly plans' }))
    expect(screen.queryByRole('link', { name: 'Costly plans' })).toBeNull()
  })

  it('lets what cannot be seen of a filter be seen, and taken away', async () => {
    open('/tasks?session=s-1&duration_min=90')
    await screen.findByText('Task a')
    await userEvent.click(screen.getByRole('button', { name: /Duration ≥ 1 m 30 s/ }))
    expect(address()).toBe('/tasks?session=s-1')
    await userEvent.click(screen.getByRole('button', { name: /Session s-1/ }))
    expect(address()).toBe('/tasks')
  })

  it('searches titles as one types, from three letters on', async () => {
    open('/tasks')
    await screen.findByText('Task a')
    await userEvent.keyboard('/')
    await userEvent.keyboard('fi{Enter}')
    expect(screen.getByText('3 letters at least')).toBeTruthy()
    expect(address()).toBe('/tasks')
    await userEvent.keyboard('x it')
    await waitFor(() => expect(address()).toBe('/tasks?text=fix+it'))
    expect(screen.queryByText('3 letters at least')).toBeNull()
    await waitFor(() => expect(asked.at(-1)).toContain('text=fix+it'))
  })

  it('counts as new, with a doubt, what a frame does not say enough about', async () => {
    open('/tasks?session=s-1')
    act(() => FakeSocket.last.connected())
    receive({ type: 'subscribed', channel: 'tasks', epoch: 'e1', offset: 0 })
    await userEvent.hover(await screen.findByText('Task a'))
    const { previous: _, ...created } = aStatusFrame({ task_id: 'task-new', status: 'queued', version: 1 })
    receive(created)
    expect((await screen.findByTestId('news')).textContent).toBe('1 new task, perhaps in this view · Show')
  })
})

describe('the search in outputs', () => {
  it('shows hits with what was found, and links to the line', async () => {
    answers['/api/tasks/search'] = { items: [{
      task_id: 'task-1', status: 'failed', input_message: 'Deploy', assigned_agent: 'brain', created_at: '2026-11-20T10:00:00Z',
      in: 'output', snippet: '<b>ENOSPC</b>: no space', ranges: [[3, 9]], address: 'L120.2',
    }], next: null, complete: true }
    open('/tasks?status=failed&when=today')
    await userEvent.click(screen.getByRole('button', { name: 'in output' }))
    await userEvent.type(screen.getByRole('searchbox', { name: 'Search in output' }), 'ENOSPC{Enter}')
    expect((await screen.findByText('ENOSPC')).tagName).toBe('MARK')
    const hit = screen.getByRole('link', { name: /120\.2/ })
    expect(hit.textContent).toContain('<b>ENOSPC</b>: no space')
    expect(hit.getAttribute('href')).toBe('/tasks/task-1?q=ENOSPC#L120.2')
    expect(asked.some((path) => /\/search\?status=failed&date_from=.*&q=ENOSPC/.test(path))).toBe(true)
  })

  it('says when nothing was found', async () => {
    answers['/api/tasks/search'] = { items: [], next: null, complete: true }
    open('/tasks?in=output&text=nowhere')
    expect(await screen.findByText('Found nowhere')).toBeTruthy()
  })

  it('says when time ran out, and searches on when asked', async () => {
    answers['/api/tasks/search'] = { items: [], next: '7.1', complete: false }
    open('/tasks?in=output&text=the')
    expect(await screen.findByText('Not found so far')).toBeTruthy()
    answers['/api/tasks/search'] = { items: [], next: null, complete: true }
    await userEvent.click(screen.getByRole('button', { name: 'Search on' }))
    expect(await screen.findByText('Found nowhere')).toBeTruthy()
    expect(asked.at(-1)).toContain('after=7.1')
  })
})

describe('steering one task', () => {
  const opened = async (change: Partial<TaskSummary>) => {
    tasks = [aTask(change)]
    open('/tasks/task-1')
    await screen.findByTestId('timeline')
  }

  it('stops it, and says for how long the engine has not confirmed', async () => {
    await opened({ status: 'running' })
    answers['/api/tasks/task-1/stop'] = { success: true, message: 'Task stopped', data: {} }
    tasks = [aTask({ status: 'cancelled', version: 2, stop_requested_at: new Date(Date.now() - 12_000).toISOString(), stop_confirmed_at: null })]
    await userEvent.click(screen.getByRole('button', { name: 'Stop' }))
    await waitFor(() => expect(screen.getByTestId('stop-notice').textContent).toMatch(/^Stop asked 1[23] s ago; the engine has not confirmed/))
    expect(sent.map(({ path }) => path)).toEqual(['/api/tasks/task-1/stop'])
    tasks = [aTask({ status: 'cancelled', version: 3, stop_requested_at: '2026-11-20T10:00:00Z', stop_confirmed_at: '2026-11-20T10:00:05Z' })]
    await act(() => queries.invalidateQueries())
    await waitFor(() => expect(screen.queryByTestId('stop-notice')).toBeNull())
  })

  it('does it again, and goes to the new task', async () => {
    await opened({ status: 'failed' })
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull()
    answers['/api/tasks/task-1/retry'] = { task_id: 'task-9', parent_task_id: 'task-1' }
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }))
    await waitFor(() => expect(screen.getByTestId('address').textContent).toBe('/tasks/task-9'))
  })

  it('sends an answer, and keeps the text where that failed', async () => {
    await opened({ status: 'waiting_input' })
    const box = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Answer to the agent' })
    fail = 503
    await userEvent.type(box(), 'Use the staging key{Enter}')
    await waitFor(() => expect(box().closest('form')!.textContent).toContain('PostgreSQL is away.'))
    expect(box().value).toBe('Use the staging key')
    fail = null
    answers['/api/tasks/task-1/input'] = { task_id: 'task-1', status: 'waiting_input' }
    await userEvent.click(screen.getByRole('button', { name: 'Send' }))
    await screen.findByText('Sent. The agent has not gone on yet.')
    expect([box().value, sent.at(-1)]).toEqual(['', { path: '/api/tasks/task-1/input', body: { message: 'Use the staging key' } }])
  })

  it('shows a result that is JSON readable, and as it came', async () => {
    details = { error: null, result: '{"ok":true,"files":["a"]}' }
    await opened({ status: 'completed' })
    const result = await screen.findByTestId('result')
    expect(result.querySelector('pre')!.textContent).toBe('{\n  "ok": true,\n  "files": [\n    "a"\n  ]\n}')
    await userEvent.click(within(result).getByRole('button', { name: 'Formatted', hidden: true }))
    expect(result.querySelector('pre')!.textContent).toBe('{"ok":true,"files":["a"]}')
  })

  it('shows a result that is prose as such, with nothing in it that runs', async () => {
    details = { error: null, result: '## Done\n\n- **a.ts** <img src=x onerror=alert(1)>\n- [click](javascript:alert(1))' }
    await opened({ status: 'completed' })
    const result = await screen.findByTestId('result')
    expect(await within(result).findByRole('heading', { name: 'Done', hidden: true })).toBeTruthy()
    expect(result.querySelectorAll('li').length).toBe(2)
    expect(result.querySelectorAll('img, script, a[href^=javascript]').length).toBe(0)
  })

  it('follows no address of the source that is not safe', async () => {
    details = { source_metadata: { html_url: 'javascript:alert(1)', url: 'https://example.com/issues/4' } }
    await opened({ status: 'failed', conversation_id: 'conv-1', flow_id: 'github:a/b#4' })
    const links = within(screen.getByRole('list', { name: 'Related' })).getAllByRole('link').map((link) => link.getAttribute('href'))
    expect(links).toEqual(['/conversations/conv-1', '/tasks?flow_id=github%3Aa%2Fb%234', 'https://example.com/issues/4'])
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
