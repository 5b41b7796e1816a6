import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../../../api/http'
import type { LogEntry, LogPage } from '../../../api/types'
import { RealtimeClient } from '../../../realtime/client'
import { FakeSocket } from '../../../realtime/fakeSocket'
import { type FetchPage, LogSession, type LogSessionOptions } from './logSession'
import { plainText } from './logModel'

/** The server's side: a log that grows, pages as the API does, and can be away. */
class Server {
  entries: LogEntry[] = []
  requests: Record<string, number>[] = []
  failure: ApiError | null = null
  hidden = new Set<number>()

  append(count: number): LogEntry[] {
    return Array.from({ length: count }, () => {
      const offset = this.entries.length + 1
      const entry: LogEntry = { offset, type: 'output', kind: 'output', output: `line ${offset}\n`, timestamp: '2026-11-20T10:00:00Z' }
      this.entries.push(entry)
      return entry
    })
  }

  fetch: FetchPage = async (id, query, signal): Promise<LogPage> => {
    this.requests.push(query)
    await Promise.resolve()
    if (signal.aborted) throw new Error('aborted')
    if (this.failure) throw this.failure
    const all = this.entries.filter((entry) => !this.hidden.has(entry.offset))
    const limit = query['limit'] ?? 1_000
    let entries: LogEntry[]
    if (query['tail'] !== undefined) entries = all.slice(-query['tail'])
    else if (query['before'] !== undefined) entries = all.filter((e) => e.offset < query['before']!).slice(-limit)
    else entries = all.filter((e) => e.offset > (query['after'] ?? 0)).slice(0, limit)
    const last_offset = this.entries.length
    return { task_id: id, entries, last_offset, has_more: false, position: { channel: `task:${id}`, epoch: 'e1', offset: last_offset } }
  }
}

let server: Server
let client: RealtimeClient
let stops: (() => void)[]

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  server = new Server()
  client = new RealtimeClient({ url: 'ws://x', createSocket: (url) => new FakeSocket(url), random: () => 0.5 })
  stops = [client.start()]
  FakeSocket.last.connected()
})

afterEach(() => {
  for (const stop of stops.reverse()) stop()
  vi.useRealTimers()
})

function open(options: LogSessionOptions = {}): LogSession {
  const session = new LogSession('1', client, { fetchPage: server.fetch, ...options })
  stops.push(session.start())
  return session
}

const turn = (ms = 100) => vi.advanceTimersByTimeAsync(ms)
const standing = (epoch = 'e1') => FakeSocket.last.receive({ type: 'subscribed', channel: 'task:1', epoch, offset: server.entries.length })
const deliver = (entries: LogEntry[]) => {
  for (const { offset, output, timestamp } of entries) {
    FakeSocket.last.receive({ type: 'task_output', channel: 'task:1', task_id: '1', offset, output, timestamp })
  }
}
const lines = (session: LogSession) => session.model.rows().map((row) => (row.type === 'line' ? plainText(row) : `${row.type} ${row.offset}`))
const expected = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`)

describe('a log session', () => {
  it('loads the tail first, then everything before it', async () => {
    server.append(12_000)
    const session = open()
    await turn(0)
    standing()
    await turn(5_000)
    expect(server.requests[0]).toEqual({ tail: 200 })
    expect(server.requests.slice(1).every((query) => 'before' in query)).toBe(true)
    expect(lines(session)).toEqual(expected(1, 12_000))
    expect(session.getSnapshot()).toMatchObject({ phase: 'ready', loaded: 12_000, total: 12_000, backfill: null })
  })

  it('joins live frames with pages: nothing missed, nothing twice', async () => {
    server.append(50)
    const session = open()
    const early = server.append(3)
    standing()
    deliver(early)
    deliver(server.append(5))
    await turn()
    deliver(server.append(2))
    await turn()
    expect(lines(session)).toEqual(expected(1, 60))
  })

  it('loads what a link points at before what lies between', async () => {
    server.append(30_000)
    const session = open({ target: 5_000 })
    await turn(0)
    standing()
    await turn(10_000)
    expect(server.requests[1]).toEqual({ after: 4_799, limit: 601 })
    expect(lines(session)).toEqual(expected(1, 30_000))
  })

  it('fills what was missed while the socket was down', async () => {
    server.append(10)
    const session = open()
    standing()
    await turn()
    FakeSocket.last.drop()
    server.append(20)
    server.failure = new ApiError(0, 'away')
    await turn(400)
    FakeSocket.last.connected()
    server.failure = null
    standing()
    await turn(5_000)
    expect(lines(session)).toEqual(expected(1, 30))
  })

  it('polls while the socket is down, and stops when it is back', async () => {
    server.append(10)
    const session = open()
    standing()
    await turn()
    FakeSocket.last.drop(4401)
    server.append(5)
    await turn(2_500)
    expect(lines(session)).toEqual(expected(1, 15))
    server.append(5)
    await turn(2_500)
    expect(lines(session)).toEqual(expected(1, 20))
    client.retry()
    FakeSocket.last.connected()
    standing()
    await turn()
    const asked = server.requests.length
    await turn(20_000)
    expect(server.requests.length).toBe(asked)
  })

  it('asks REST for nothing when the server sends what was missed', async () => {
    server.append(10)
    const session = open()
    standing()
    await turn()
    const asked = server.requests.length
    FakeSocket.last.drop()
    const missed = server.append(20)
    await turn(400)
    FakeSocket.last.connected()
    expect(FakeSocket.last.of('subscribe')).toEqual([{ type: 'subscribe', channels: [{ channel: 'task:1', since: { epoch: 'e1', offset: 10 } }] }])
    FakeSocket.last.receive({ type: 'subscribed', channel: 'task:1', epoch: 'e1', offset: 10, recovered: true })
    deliver(missed)
    await turn(10_000)
    expect(lines(session)).toEqual(expected(1, 30))
    expect(server.requests.length).toBe(asked)
  })

  it('fetches exactly the range of a gap, and shows what comes twice once', async () => {
    server.append(10)
    const session = open()
    standing()
    await turn()
    const asked = server.requests.length
    server.append(20)
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', from: 11, to: 30, reason: 'slow_consumer', fill: '/api/tasks/1/log?after=10&limit=20' })
    await turn()
    expect(server.requests.slice(asked)).toEqual([{ after: 10, limit: 20 }])
    deliver(server.append(5))
    deliver(server.entries.slice(20))
    await turn()
    expect(lines(session)).toEqual(expected(1, 35))
  })

  it('reads a log that came into being while the socket was down', async () => {
    server.failure = new ApiError(404, 'Task not found')
    const session = open()
    FakeSocket.last.receive({ type: 'subscribed', channel: 'task:1', epoch: 'e1', offset: 0 })
    await turn()
    FakeSocket.last.drop()
    server.failure = null
    server.append(3)
    await turn(400)
    FakeSocket.last.connected()
    standing()
    await turn()
    expect(lines(session)).toEqual(expected(1, 3))
  })

  it('gives up what the server never had, and shows that', async () => {
    server.append(10)
    server.hidden = new Set([4, 5])
    const session = open()
    standing()
    await turn(30_000)
    expect(lines(session)).toEqual([...expected(1, 3), 'gap 4', ...expected(6, 10)])
    expect(session.getSnapshot().backfill).toBeNull()
  })

  it('waits for what is published but not readable yet', async () => {
    server.append(10)
    server.hidden = new Set([10])
    const session = open()
    standing()
    await turn(1_000)
    server.hidden.clear()
    await turn(5_000)
    expect(lines(session)).toEqual(expected(1, 10))
  })

  it('starts again when history was lost', async () => {
    server.append(10)
    const session = open()
    standing()
    await turn()
    server.entries = []
    server.append(2)
    standing('e2')
    await turn()
    expect(lines(session)).toEqual(expected(1, 2))
  })

  it('marks an interruption of the source', async () => {
    server.append(3)
    const session = open()
    standing()
    await turn()
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', reason: 'source_interrupted' })
    await turn()
    expect(session.getSnapshot().interruptions).toEqual([{ type: 'interruption', offset: 3, index: 0, reason: 'source_interrupted' }])
  })

  it('tells a log that is not there from one that cannot be read, and recovers from both', async () => {
    server.failure = new ApiError(404, 'Task not found')
    const session = open()
    await turn()
    expect(session.getSnapshot().phase).toBe('missing')
    server.failure = null
    FakeSocket.last.receive({ type: 'subscribed', channel: 'task:1', epoch: 'e1', offset: 0 })
    deliver(server.append(1))
    await turn()
    expect(session.getSnapshot().phase).toBe('ready')
    expect(lines(session)).toEqual(expected(1, 1))

    server.failure = new ApiError(503, 'away')
    const other = open()
    await turn()
    expect(other.getSnapshot()).toMatchObject({ phase: 'error', error: { status: 503 } })
    server.failure = null
    other.retry()
    await turn()
    expect(other.getSnapshot().phase).toBe('ready')
  })

  it('pauses at its bound and goes on when told', async () => {
    server.append(20_000)
    const session = open({ maxRows: 3_000 })
    await turn(0)
    standing()
    await turn(5_000)
    expect(session.getSnapshot().backfill).toBe('paused')
    expect(session.model.rowCount).toBeLessThan(9_000)
    session.loadMore()
    await turn(5_000)
    expect(session.model.rowCount).toBeGreaterThan(9_000)
  })
})
