import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message, TaskSummary } from '../../api/types'
import { RealtimeClient } from '../../realtime/client'
import { FakeSocket } from '../../realtime/fakeSocket'
import { aMessage, aTask } from '../../test/builders'
import { ThreadSession } from './threadSession'

/** A server with one conversation, newest page first. */
let messages: Message[]
let tasks: TaskSummary[]
let chat: (body: { message: string; message_id: string }) => Promise<Response>
let asked: string[]
let client: RealtimeClient
let stops: (() => void)[]

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers })
const said = (n: number, change: Partial<Message> = {}) => aMessage({ message_id: `m${n}`, content: `${n}`, created_at: `2026-11-20T10:00:00.${String(n).padStart(3, '0')}Z`, ...change })

beforeEach(() => {
  messages = []
  tasks = []
  asked = []
  FakeSocket.all = []
  chat = async (body) => {
    if (!messages.some((message) => message.message_id === body.message_id)) messages.push(said(messages.length + 1, { message_id: body.message_id, content: body.message, task_id: `t${messages.length}` }))
    return answer(200, { data: { message_id: body.message_id, conversation_id: 'conv-1', task_id: messages.find((message) => message.message_id === body.message_id)!.task_id } })
  }
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 1 })
  stops = [client.start()]
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const url = new URL(input, 'http://x')
    asked.push(`${init?.method ?? 'GET'} ${url.pathname}`)
    if (url.pathname === '/api/chat') return chat(JSON.parse(init!.body as string) as { message: string; message_id: string })
    if (url.pathname === '/api/tasks') return answer(200, { items: tasks, total: tasks.length, page: 1, per_page: 100, pages: 1 })
    if (url.pathname !== '/api/conversations/conv-1/messages') return answer(404, { detail: 'Conversation not found' })
    const end = Number(url.searchParams.get('cursor') ?? messages.length)
    const from = Math.max(0, end - 50)
    return answer(200, messages.slice(from, end), from > 0 ? { 'next-cursor': String(from) } : {})
  })
})

afterEach(() => {
  for (const stop of stops) stop()
  localStorage.clear()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function open(id = 'conv-1'): ThreadSession {
  const session = new ThreadSession(id, client)
  stops.push(session.start())
  return session
}

const socket = () => FakeSocket.last
const contents = (session: ThreadSession) => session.getSnapshot().messages.map((message) => message.content).join(' ')
const live = (offset: number, message: Message, more: object = {}) => socket().receive({ type: 'message', channel: 'conversation:conv-1', offset, timestamp: message.created_at, metadata: {}, ...message, ...more })
const subscribed = (offset: number, more: object = {}) => socket().receive({ type: 'subscribed', channel: 'conversation:conv-1', epoch: 'e1', offset, ...more })

async function ready(session: ThreadSession): Promise<void> {
  await vi.waitFor(() => expect(session.getSnapshot().phase).toBe('ready'))
}

describe('a conversation', () => {
  it('is read, and goes on live, each message once', async () => {
    messages = [said(1), said(2)]
    const session = open()
    socket().connected()
    subscribed(7)
    await ready(session)
    live(8, said(2))
    live(9, said(3))
    expect(contents(session)).toBe('1 2 3')
  })

  it('brings older messages on demand, and their tasks', async () => {
    messages = Array.from({ length: 120 }, (_, i) => said(i + 1))
    const session = open()
    await ready(session)
    expect(session.getSnapshot()).toMatchObject({ older: 'more', messages: { length: 50 } })
    await session.loadOlder()
    await session.loadOlder()
    expect(session.getSnapshot()).toMatchObject({ older: 'none', messages: { length: 120 } })
    expect(session.getSnapshot().messages[0]!.content).toBe('1')
    await session.loadOlder()
    expect(asked.filter((path) => path.includes('messages')).length).toBe(3)
  })

  it('reads again what the connection missed, and nothing where it missed nothing', async () => {
    messages = [said(1)]
    const session = open()
    socket().connected()
    subscribed(1)
    await ready(session)
    const before = asked.length
    socket().drop()
    client.retry()
    socket().connected()
    await vi.waitFor(() => expect(socket().of('subscribe').length).toBe(1))
    subscribed(1, { recovered: true })
    expect(asked.length).toBe(before)
    messages.push(said(2))
    socket().receive({ type: 'gap', channel: 'conversation:conv-1', from: 2, to: 2, reason: 'slow_consumer' })
    await vi.waitFor(() => expect(contents(session)).toBe('1 2'))
  })

  it('reads a message whole that came cut', async () => {
    const session = open()
    socket().connected()
    subscribed(0)
    await ready(session)
    messages.push(said(1, { content: 'all of it' }))
    live(1, said(1, { content: 'all' }), { truncated: true })
    await vi.waitFor(() => expect(contents(session)).toBe('all of it'))
  })

  it('is polled while there is no connection', async () => {
    vi.useFakeTimers()
    const session = open()
    await vi.advanceTimersByTimeAsync(10)
    messages.push(said(1))
    await vi.advanceTimersByTimeAsync(2_100)
    expect(contents(session)).toBe('1')
    socket().connected()
    const before = asked.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked.length).toBe(before)
  })

  it('knows its tasks, and their state as it changes', async () => {
    tasks = [aTask({ task_id: 't1', conversation_id: 'conv-1', status: 'queued', version: 1 }), aTask({ task_id: 'other', conversation_id: 'conv-2' })]
    const session = open()
    socket().connected()
    subscribed(0)
    await vi.waitFor(() => expect([...session.getSnapshot().tasks.keys()]).toEqual(['t1']))
    socket().receive({ type: 'task_status', channel: 'conversation:conv-1', offset: 1, timestamp: '2026-11-20T10:00:05Z', task_id: 't1', status: 'running', version: 2, conversation_id: 'conv-1' })
    expect(session.getSnapshot().tasks.get('t1')!.status).toBe('running')
    tasks = [aTask({ task_id: 't2', conversation_id: 'conv-1' })]
    socket().receive({ type: 'task_status', channel: 'conversation:conv-1', offset: 2, timestamp: '2026-11-20T10:00:06Z', task_id: 't2', status: 'queued', version: 1, conversation_id: 'conv-1' })
    await vi.waitFor(() => expect([...session.getSnapshot().tasks.keys()]).toEqual(['t1', 't2']))
    // An answer that is older than a frame takes nothing back.
    expect(session.getSnapshot().tasks.get('t1')!.version).toBe(2)
  })

  it('that could not be read is read once the server is back', async () => {
    const there = globalThis.fetch
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('unreachable')))
    messages = [said(1)]
    const session = open()
    await vi.waitFor(() => expect(session.getSnapshot().phase).toBe('error'))
    vi.stubGlobal('fetch', there)
    socket().connected()
    subscribed(1)
    await ready(session)
    expect(contents(session)).toBe('1')
  })

  it('that does not exist says so', async () => {
    const session = open('conv-none')
    await vi.waitFor(() => expect(session.getSnapshot().phase).toBe('missing'))
  })
})

describe('what is written', () => {
  it('stands there at once, and once, whichever comes first: its frame or its answer', async () => {
    const session = open()
    socket().connected()
    subscribed(0)
    await ready(session)
    session.send('hello')
    expect(session.getSnapshot().unsent).toMatchObject([{ content: 'hello', state: 'sending' }])
    await vi.waitFor(() => expect(session.getSnapshot().unsent).toEqual([]))
    live(1, messages[0]!)
    expect(contents(session)).toBe('hello')
  })

  it('is kept where it cannot be sent, and sent again under its id', async () => {
    const working = chat
    const sentIds: string[] = []
    chat = async (body) => {
      sentIds.push(body.message_id)
      if (sentIds.length > 1) return working(body)
      await working(body)
      throw new TypeError('the answer was lost')
    }
    const session = open()
    await ready(session)
    session.send('hello')
    await vi.waitFor(() => expect(session.getSnapshot().unsent).toMatchObject([{ state: 'failed', error: 'The server cannot be reached.' }]))
    const [one] = session.getSnapshot().unsent
    session.resend(one!.message_id)
    await vi.waitFor(() => expect(session.getSnapshot().unsent).toEqual([]))
    expect(new Set(sentIds).size).toBe(1)
    expect(messages.length).toBe(1)
    expect(localStorage.length).toBe(0)
  })

  it('survives the page, and is forgotten once the server turns out to have it', async () => {
    chat = async () => answer(503, { detail: 'PostgreSQL is away.' })
    const session = open()
    await ready(session)
    session.send('hello')
    await vi.waitFor(() => expect(session.getSnapshot().unsent).toMatchObject([{ state: 'failed', error: 'PostgreSQL is away.' }]))
    stops.pop()!()
    const later = open()
    expect(later.getSnapshot().unsent).toMatchObject([{ content: 'hello', state: 'failed' }])
    messages.push(said(1, { message_id: later.getSnapshot().unsent[0]!.message_id, content: 'hello' }))
    later.retry()
    await vi.waitFor(() => expect(later.getSnapshot().unsent).toEqual([]))
    expect(localStorage.length).toBe(0)
  })

  it('can be taken back to be written anew', async () => {
    chat = async () => answer(422, { detail: 'message is too long.' })
    const session = open()
    await ready(session)
    session.send('hello')
    await vi.waitFor(() => expect(session.getSnapshot().unsent[0]?.state).toBe('failed'))
    expect(session.discard(session.getSnapshot().unsent[0]!.message_id)).toBe('hello')
    expect(session.getSnapshot().unsent).toEqual([])
  })
})
