import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter, Route, Routes, useLocation } from 'react-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Notices } from '../../app/Notices'
import type { Conversation } from '../../api/types'
import { RealtimeClient } from '../../realtime/client'
import { FakeSocket } from '../../realtime/fakeSocket'
import { RealtimeProvider } from '../../realtime/react'
import { aConversation } from '../../test/builders'
import { Composer } from './Composer'
import { ConversationsPage, NoConversationOpen } from './ConversationsPage'
import { NewConversationPage } from './NewConversationPage'
import { UndoToasts } from './UndoToasts'
import { UNDO_MS, flushDeletions } from './deletions'
import { inOrder } from './steadyOrder'

let conversations: Conversation[]
let asked: { method: string; path: string; body: unknown; keepalive: boolean }[]
let refuse: ((method: string, path: string) => Response | null) | null
let client: RealtimeClient
let stop: () => void

beforeEach(() => {
  conversations = []
  asked = []
  refuse = null
  FakeSocket.all = []
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 1 })
  stop = client.start()
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const url = new URL(input, 'http://x')
    const method = init?.method ?? 'GET'
    const body: unknown = init?.body ? JSON.parse(init.body as string) : undefined
    asked.push({ method, path: url.pathname + url.search, body, keepalive: init?.keepalive ?? false })
    const refused = refuse?.(method, url.pathname)
    if (refused) return refused
    const answer = (answered: unknown) => new Response(JSON.stringify(answered))
    if (url.pathname === '/api/agents') return answer([{ name: 'executor', agent_type: 'executor', description: 'Carries a plan out' }])
    if (url.pathname === '/api/chat') return answer({ data: { conversation_id: 'conv-new', task_id: 't', message_id: (body as { message_id: string }).message_id } })
    if (method === 'DELETE') {
      conversations = conversations.filter((one) => !url.pathname.endsWith(one.conversation_id))
      return answer({ success: true })
    }
    if (method === 'PUT') {
      conversations = conversations.map((one) => (url.pathname.endsWith(one.conversation_id) ? { ...one, ...(body as object) } : one))
      return answer({})
    }
    const archived = url.searchParams.get('archived')
    return answer(conversations.filter((one) => archived === null || String(one.is_archived) === archived))
  })
})

afterEach(() => {
  cleanup()
  stop()
  localStorage.clear()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function Address() {
  const { pathname, search } = useLocation()
  return <output data-testid="address">{pathname + search}</output>
}

function open(path = '/conversations') {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return render(
    <RealtimeProvider client={client}>
      <QueryClientProvider client={queries}>
        <MemoryRouter initialEntries={[path]}>
          <Routes>
            <Route path="/conversations" element={<ConversationsPage />}>
              <Route index element={<NoConversationOpen />} />
              <Route path="new" element={<NewConversationPage />} />
              <Route path=":conversationId" element={<p>open</p>} />
            </Route>
          </Routes>
          <Notices><UndoToasts /></Notices>
          <Address />
        </MemoryRouter>
      </QueryClientProvider>
    </RealtimeProvider>,
  )
}

const row = (id: string) => document.querySelector<HTMLElement>(`[data-conversation="${id}"]`)
const deletes = () => asked.filter(({ method }) => method === 'DELETE')
const address = () => screen.getByTestId('address').textContent

describe('the list', () => {
  it('shows count and cost, and says when there is nothing', async () => {
    const { unmount } = open()
    expect(await screen.findByTestId('no-conversations')).toBeTruthy()
    unmount()
    conversations = [aConversation({ message_count: 12, total_cost_usd: 0.42, flow_id: 'github:o/r#1' })]
    open()
    await waitFor(() => expect(row('conv-1')!.textContent).toMatch(/A talk.*12\$0\.420github:o\/r#1/))
  })

  it('asks for what its address says, and writes its filters there', async () => {
    open('/conversations?q=login&show=archived&user=anna&flow=github:o%2Fr%231')
    await waitFor(() => expect(asked[0]!.path).toBe('/api/conversations?limit=30&text=login&archived=true&user_id=anna&flow_id=github%3Ao%2Fr%231'))
    await userEvent.click(await screen.findByRole('button', { name: 'Clear the filters' }))
    await waitFor(() => expect(address()).toBe('/conversations'))
    await userEvent.type(screen.getByRole('searchbox', { name: 'Search titles' }), 'ab')
    await screen.findByText('Search takes 3 letters or more')
    expect(asked.some(({ path }) => path.includes('text=ab'))).toBe(false)
    await userEvent.type(screen.getByRole('searchbox', { name: 'Search titles' }), 'c')
    await waitFor(() => expect(address()).toBe('/conversations?q=abc'))
    await waitFor(() => expect(asked.at(-1)!.path).toContain('text=abc'))
  })

  it('shows what changed elsewhere', async () => {
    conversations = [aConversation()]
    open()
    await waitFor(() => expect(row('conv-1')).toBeTruthy())
    act(() => FakeSocket.last.connected())
    act(() => FakeSocket.last.receive({ type: 'subscribed', channel: 'tasks', epoch: 'e1', offset: 0 }))
    await waitFor(() => expect(asked.length).toBeGreaterThan(1))
    conversations = [aConversation({ conversation_id: 'conv-2', title: 'Another' }), ...conversations]
    act(() => FakeSocket.last.receive({ type: 'task_status', channel: 'tasks', offset: 1, timestamp: '2026-11-20T10:00:00Z', task_id: 't', status: 'queued', version: 1, conversation_id: 'conv-2' }))
    await waitFor(() => expect(row('conv-2')).toBeTruthy(), { timeout: 4_000 })
  })

  it('archives at once, and says so when that failed', async () => {
    conversations = [aConversation()]
    open()
    await waitFor(() => expect(row('conv-1')).toBeTruthy())
    refuse = (method) => (method === 'PUT' ? new Response(JSON.stringify({ detail: 'PostgreSQL is away.' }), { status: 503 }) : null)
    await userEvent.click(within(row('conv-1')!).getByRole('button', { name: /^Archive/ }))
    expect((await screen.findByTestId('notice')).textContent).toContain('PostgreSQL is away.')
    await waitFor(() => expect(row('conv-1')!.textContent).not.toContain('archived'))
    refuse = null
    await userEvent.click(within(row('conv-1')!).getByRole('button', { name: /^Archive/ }))
    await waitFor(() => expect(row('conv-1')).toBeNull())
  })
})

describe('deleting', () => {
  const remove = async (id: string) => {
    conversations = [aConversation({ conversation_id: id })]
    open()
    await waitFor(() => expect(row(id)).toBeTruthy())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    fireEvent.click(within(row(id)!).getByRole('button', { name: /^Delete/ }))
    expect(row(id)).toBeNull()
  }

  it('can be undone, and then nothing was ever sent', async () => {
    await remove('conv-undo')
    fireEvent.click(within(screen.getByTestId('undo')).getByRole('button', { name: 'Undo' }))
    expect(row('conv-undo')).toBeTruthy()
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2)
    expect(deletes()).toEqual([])
  })

  it('happens when the time is over', async () => {
    await remove('conv-time')
    await act(() => vi.advanceTimersByTimeAsync(UNDO_MS - 100))
    expect(deletes()).toEqual([])
    await act(() => vi.advanceTimersByTimeAsync(200))
    expect(deletes().map(({ path }) => path)).toEqual(['/api/conversations/conv-time'])
    expect(screen.queryByTestId('undo')).toBeNull()
    expect(row('conv-time')).toBeNull()
  })

  it('happens when the page is left, so that it outlives it', async () => {
    await remove('conv-leave')
    await act(async () => flushDeletions())
    expect(deletes()).toMatchObject([{ path: '/api/conversations/conv-leave', keepalive: true }])
    await act(() => vi.advanceTimersByTimeAsync(UNDO_MS * 2))
    expect(deletes().length).toBe(1)
  })

  it('that failed shows the conversation again, and what can be done', async () => {
    refuse = (method) => (method === 'DELETE' ? new Response(JSON.stringify({ detail: 'PostgreSQL is away.' }), { status: 503 }) : null)
    await remove('conv-fail')
    await act(() => vi.advanceTimersByTimeAsync(UNDO_MS + 100))
    expect(screen.getByTestId('undo').textContent).toContain('was not deleted. PostgreSQL is away.')
    expect(row('conv-fail')).toBeTruthy()
    refuse = null
    fireEvent.click(within(screen.getByTestId('undo')).getByRole('button', { name: 'Try again' }))
    await act(() => vi.advanceTimersByTimeAsync(10))
    expect(deletes().length).toBe(2)
    expect(row('conv-fail')).toBeNull()
  })

  it('of what is gone already is done', async () => {
    refuse = (method) => (method === 'DELETE' ? new Response(JSON.stringify({ detail: 'Conversation not found' }), { status: 404 }) : null)
    await remove('conv-gone')
    await act(() => vi.advanceTimersByTimeAsync(UNDO_MS + 100))
    expect(screen.queryByTestId('undo')).toBeNull()
    expect(row('conv-gone')).toBeNull()
  })
})

describe('a new conversation', () => {
  it('is begun with the agent that was chosen, and a lost answer begins no second one', async () => {
    open('/conversations/new')
    await userEvent.selectOptions(await screen.findByRole('combobox', { name: 'Agent' }), await screen.findByRole('option', { name: 'executor' }))
    refuse = (_, path) => (path === '/api/chat' ? new Response('{"detail":"Try again in a moment."}', { status: 503 }) : null)
    await userEvent.type(screen.getByRole('textbox', { name: 'Message' }), 'hello{Enter}')
    expect((await screen.findByRole('alert')).textContent).toContain('Try again in a moment.')
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' }).value).toBe('hello')
    refuse = null
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => expect(address()).toBe('/conversations/conv-new'))
    const sent = asked.filter(({ path }) => path.startsWith('/api/chat'))
    expect(sent.length).toBe(2)
    expect(sent[0]!.path).toContain('agent_type=executor')
    expect(sent[0]!.body).toEqual(sent[1]!.body)
    expect(localStorage.getItem('groote.draft.new')).toBeNull()
  })
})

describe('the composer', () => {
  it('sends with Enter, makes lines with Shift-Enter, and waits for words to be composed', async () => {
    const sent: string[] = []
    render(<Composer draftKey="a" label="Message" placeholder="" onSend={(text) => void sent.push(text)} />)
    const box = screen.getByRole<HTMLTextAreaElement>('textbox')
    await userEvent.type(box, 'one{Shift>}{Enter}{/Shift}two')
    expect(box.value).toBe('one\ntwo')
    fireEvent.keyDown(box, { key: 'Enter', isComposing: true })
    expect(sent).toEqual([])
    await userEvent.type(box, '{Enter}')
    expect(sent).toEqual(['one\ntwo'])
    expect(box.value).toBe('')
    await userEvent.type(box, '   {Enter}')
    expect(sent.length).toBe(1)
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true)
  })

  it('keeps a draft for each conversation', async () => {
    const { unmount } = render(<Composer draftKey="a" label="Message" placeholder="" onSend={() => undefined} />)
    await userEvent.type(screen.getByRole('textbox'), 'half a thou')
    unmount()
    const other = render(<Composer draftKey="b" label="Message" placeholder="" onSend={() => undefined} />)
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('')
    other.unmount()
    render(<Composer draftKey="a" label="Message" placeholder="" onSend={() => undefined} />)
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('half a thou')
  })

  it('does not send while it may not, nor twice', async () => {
    let done = () => {}
    const onSend = vi.fn(() => new Promise<void>((resolve) => (done = resolve)))
    const { rerender } = render(<Composer draftKey="a" label="Message" placeholder="" disabled onSend={onSend} />)
    await userEvent.type(screen.getByRole('textbox'), 'x{Enter}')
    expect(onSend).not.toHaveBeenCalled()
    rerender(<Composer draftKey="a" label="Message" placeholder="" onSend={onSend} />)
    await userEvent.type(screen.getByRole('textbox'), '{Enter}{Enter}')
    expect(onSend).toHaveBeenCalledTimes(1)
    await act(async () => done())
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('')
  })
})

describe('an order that holds still', () => {
  const list = (...ids: string[]) => ids.map((id) => aConversation({ conversation_id: id }))
  const shown = (items: string[], order: string[]) => {
    const { items: kept, news } = inOrder(list(...items), order)
    return `${kept.map((one) => one.conversation_id).join('')} ${news}`
  }
  it('keeps rows in place, counts what would come above, and lets in what comes below', () => {
    expect(shown(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe('abc 0')
    expect(shown(['c', 'a', 'b'], ['a', 'b', 'c'])).toBe('abc 1')
    expect(shown(['x', 'a', 'b'], ['a', 'b'])).toBe('ab 1')
    expect(shown(['a', 'b', 'y', 'z'], ['a', 'b'])).toBe('abyz 0')
    expect(shown(['b'], ['a', 'b'])).toBe('b 0')
    expect(shown(['a', 'b'], [])).toBe('ab 0')
  })
})

