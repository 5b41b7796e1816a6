import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffCeiling, backoffDelay } from './backoff'
import { type ChannelListener, RealtimeClient } from './client'
import { FakeSocket } from './fakeSocket'
import type { ChannelFrame, Gap, Position } from './frames'

let client: RealtimeClient
let stop: () => void
let random: number

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  random = 0.5
  client = new RealtimeClient({ url: 'ws://x/ws', createSocket: (url) => new FakeSocket(url), random: () => random })
  stop = client.start()
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

const settle = () => vi.advanceTimersByTimeAsync(0)
const status = () => client.getState().status

function record() {
  const seen = { frames: [] as number[], gaps: [] as Gap[], subscribed: [] as Position[], resets: 0 }
  const listener: ChannelListener = {
    onFrame: (frame: ChannelFrame) => seen.frames.push(frame.offset ?? -1),
    onGap: (gap) => seen.gaps.push(gap),
    onSubscribed: (position) => seen.subscribed.push(position),
    onReset: () => seen.resets++,
  }
  return { seen, listener }
}

const output = (offset: number, channel = 'task:1') => ({
  type: 'task_output', channel, offset, timestamp: '2026-11-20T10:00:00Z', task_id: '1', output: `${offset}\n`,
})
const subscribed = (offset: number, epoch = 'e1', channel = 'task:1') => ({ type: 'subscribed', channel, epoch, offset })

describe('subscriptions', () => {
  it('are sent once per channel, together, when the connection stands', async () => {
    const a = client.subscribe('task:1', {})
    client.subscribe('task:1', {})
    client.subscribe('tasks', {})
    await settle()
    expect(FakeSocket.last.sent).toEqual([])
    FakeSocket.last.connected()
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', channels: [{ channel: 'task:1' }, { channel: 'tasks' }] }])
    a.close()
    await settle()
    expect(FakeSocket.last.of('unsubscribe')).toEqual([])
  })

  it('end with the last subscriber, and a quick change of mind costs nothing', async () => {
    FakeSocket.last.connected()
    const first = client.subscribe('task:1', {})
    await settle()
    first.close()
    const second = client.subscribe('task:1', {})
    await settle()
    expect(FakeSocket.last.sent.length).toBe(1)
    second.close()
    second.close()
    await settle()
    expect(FakeSocket.last.of('unsubscribe')).toEqual([{ type: 'unsubscribe', channel: 'task:1' }])
    FakeSocket.last.receive(output(1))
  })

  it('tell a late subscriber where the channel stands', async () => {
    FakeSocket.last.connected()
    client.subscribe('task:1', {})
    await settle()
    FakeSocket.last.receive(subscribed(7))
    FakeSocket.last.receive(output(8))
    const late = record()
    client.subscribe('task:1', late.listener)
    await settle()
    expect(late.seen.subscribed).toEqual([{ epoch: 'e1', offset: 8 }])
  })

  it('are made again on a new connection', async () => {
    FakeSocket.last.connected()
    client.subscribe('tasks', {})
    await settle()
    FakeSocket.last.drop()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSocket.all.length).toBe(2)
    FakeSocket.last.connected()
    expect(FakeSocket.last.of('subscribe')).toEqual([{ type: 'subscribe', channels: [{ channel: 'tasks' }] }])
  })
})

describe('frames', () => {
  it('are handed on once and in order; repeats are dropped', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    for (const offset of [2, 3, 3, 4, 1, 4, 5]) FakeSocket.last.receive(output(offset))
    expect(seen.frames).toEqual([3, 4, 5])
    expect(seen.gaps).toEqual([])
    expect(client.position('task:1')).toEqual({ epoch: 'e1', offset: 5 })
  })

  it('that jump make a gap of exactly what is missing', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    FakeSocket.last.receive(output(6))
    expect(seen.gaps).toEqual([{ channel: 'task:1', from: 3, to: 5, reason: 'hole' }])
    expect(seen.frames).toEqual([6])
  })

  it('of type gap are handed on and count as seen', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', from: 3, to: 9, reason: 'slow_consumer', fill: '/api/x' })
    FakeSocket.last.receive(output(10))
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', reason: 'source_interrupted' })
    expect(seen.gaps).toEqual([
      { channel: 'task:1', from: 3, to: 9, reason: 'slow_consumer', fill: '/api/x' },
      { channel: 'task:1', reason: 'source_interrupted' },
    ])
    expect(seen.frames).toEqual([10])
  })

  it('missed while the connection was down are a gap; a new epoch is a reset', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    FakeSocket.last.receive(output(3))
    FakeSocket.last.drop()
    await vi.advanceTimersByTimeAsync(1_000)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(8))
    expect(seen.gaps).toEqual([{ channel: 'task:1', from: 4, to: 8, reason: 'reconnected' }])
    FakeSocket.last.drop()
    await vi.advanceTimersByTimeAsync(1_000)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(1, 'e2'))
    expect(seen.resets).toBe(1)
    FakeSocket.last.receive(output(2))
    expect(seen.frames).toEqual([3, 2])
  })

  it('with null for what is not known read as if it were left out', async () => {
    const frames: ChannelFrame[] = []
    client.subscribe('tasks', { onFrame: (frame) => frames.push(frame) })
    FakeSocket.last.connected()
    FakeSocket.last.receive({ type: 'task_status', channel: 'tasks', offset: 1, timestamp: 't', task_id: '1', status: 'running', previous: null, version: null })
    expect(frames).toEqual([{ type: 'task_status', channel: 'tasks', offset: 1, timestamp: 't', task_id: '1', status: 'running' }])
  })

  it('that make no sense change nothing', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(0))
    for (const frame of ['', '[]', 'null', '{', '{"type":7}', { type: 'unknown' }, { type: 'task_output', channel: 'task:1' },
      { type: 'task_output', channel: 'task:1', offset: 1.5, task_id: '1', output: 'x' }, { type: 'task_status', channel: 'task:1', offset: 1 },
      { type: 'subscribed' }, { type: 'gap' }, output(1, 'task:other')]) FakeSocket.last.receive(frame)
    expect(seen.frames).toEqual([])
    FakeSocket.last.receive(output(1))
    expect(seen.frames).toEqual([1])
    expect(status()).toBe('live')
  })
})

describe('the connection', () => {
  it('backs off with full jitter from half a second to thirty, for ever', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((n) => backoffCeiling(n))).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
    expect(backoffDelay(3, () => 0)).toBe(0)
    expect(backoffDelay(3, () => 0.25)).toBe(1000)
  })

  it('tries again after each loss, later each time, and starts over once it is live', async () => {
    random = 1
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      FakeSocket.last.drop()
      waits.push(client.getState().nextAttemptAt! - Date.now())
      await vi.advanceTimersByTimeAsync(waits.at(-1)! - 1)
      expect(FakeSocket.all.length).toBe(i + 1)
      await vi.advanceTimersByTimeAsync(1)
      expect(FakeSocket.all.length).toBe(i + 2)
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
    expect(client.getState().attempts).toBe(9)
    FakeSocket.last.connected()
    expect(client.getState().attempts).toBe(0)
    FakeSocket.last.drop()
    expect(client.getState().nextAttemptAt! - Date.now()).toBe(500)
  })

  it('tries at once when the browser is online again or the page is looked at', async () => {
    FakeSocket.last.connected()
    random = 1
    FakeSocket.last.drop()
    window.dispatchEvent(new Event('online'))
    expect(FakeSocket.all.length).toBe(2)
    FakeSocket.last.drop()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSocket.all.length).toBe(3)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(FakeSocket.all.length).toBe(3)
  })

  it('pings every 25 s and takes silence for a loss', async () => {
    FakeSocket.last.connected()
    const first = FakeSocket.last
    await vi.advanceTimersByTimeAsync(25_000)
    expect(first.of('ping').length).toBe(1)
    first.receive({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(25_000)
    expect(first.of('ping').length).toBe(2)
    expect(status()).toBe('live')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(status()).toBe('reconnecting')
    expect(first.closedWith).toBe(1000)
    expect(client.getState().closeCode).toBe(4009)
    // What a forgotten socket still says is not heard.
    first.receive({ type: 'connected' })
    expect(status()).toBe('reconnecting')
  })

  it('gives up on a socket that never says connected', async () => {
    FakeSocket.last.readyState = 1
    await vi.advanceTimersByTimeAsync(10_000)
    expect(client.getState().attempts).toBe(1)
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.all.length).toBe(2)
  })

  it('comes back within the time that a draining server names', async () => {
    FakeSocket.last.connected()
    random = 0.9
    FakeSocket.last.receive({ type: 'draining', reconnect_within_seconds: 5 })
    FakeSocket.last.drop(1001)
    expect(client.getState().nextAttemptAt! - Date.now()).toBe(4_500)
    await vi.advanceTimersByTimeAsync(4_500)
    FakeSocket.last.drop(1006)
    expect(client.getState().nextAttemptAt! - Date.now()).toBe(900)
  })

  it.each([4401, 4403, 4029])('does not try again as it is after %i', async (code) => {
    FakeSocket.last.connected()
    FakeSocket.last.drop(code)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(FakeSocket.all.length).toBe(1)
    expect(client.getState().refused).toBe(true)
    client.retry()
    expect(FakeSocket.all.length).toBe(2)
  })

  it.each([1000, 1001, 1006, 1012, 4008, 4009])('tries again after %i', async (code) => {
    FakeSocket.last.connected()
    FakeSocket.last.drop(code)
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.all.length).toBe(2)
  })

  it('says what it is: reconnecting, polling, offline, live', async () => {
    expect(status()).toBe('connecting')
    FakeSocket.last.connected()
    expect(status()).toBe('live')
    client.reportHttp(false)
    expect(status()).toBe('live')
    FakeSocket.last.drop()
    expect(status()).toBe('reconnecting')
    client.reportHttp(true)
    expect(status()).toBe('polling')
    client.reportHttp(false)
    expect(status()).toBe('offline')
    await vi.advanceTimersByTimeAsync(500)
    FakeSocket.last.connected()
    expect(status()).toBe('live')
    FakeSocket.last.drop()
    expect(status()).toBe('reconnecting')
  })

  it('leaves nothing behind when stopped', async () => {
    FakeSocket.last.connected()
    stop()
    expect(FakeSocket.last.closedWith).toBe(1000)
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(120_000)
    expect(FakeSocket.all.length).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
