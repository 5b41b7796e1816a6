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
  const seen = { frames: [] as number[], gaps: [] as Gap[], subscribed: [] as Position[], recovered: [] as boolean[], resets: 0 }
  const listener: ChannelListener = {
    onFrame: (frame: ChannelFrame) => seen.frames.push(frame.offset ?? -1),
    onGap: (gap) => seen.gaps.push(gap),
    onSubscribed: (position, recovered) => {
      seen.subscribed.push(position)
      seen.recovered.push(recovered)
    },
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
    expect(late.seen.recovered).toEqual([false])
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

describe('many subscriptions', () => {
  it('go out in frames of a size that the server takes', async () => {
    for (let i = 0; i < 250; i++) client.subscribe(`task:${i}`, {})
    FakeSocket.last.connected()
    const sizes = FakeSocket.last.of('subscribe').map((frame) => (frame['channels'] as unknown[]).length)
    expect(sizes).toEqual([100, 100, 50])
  })

  it('are tried again when the server cannot look them up for the moment', async () => {
    client.subscribe('task:1', {})
    client.subscribe('task:2', {})
    await settle()
    FakeSocket.last.connected()
    FakeSocket.last.receive({ type: 'error', code: 'unavailable', message: 'Later', channel: 'task:1' })
    FakeSocket.last.receive({ type: 'error', code: 'invalid_channel', message: 'Never', channel: 'task:2' })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(FakeSocket.last.of('subscribe').length).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(FakeSocket.last.of('subscribe').slice(1)).toEqual([{ type: 'subscribe', channels: [{ channel: 'task:1' }] }])
  })
})

describe('after a reconnection', () => {
  async function reconnect(): Promise<void> {
    FakeSocket.last.drop()
    await vi.advanceTimersByTimeAsync(1_000)
    FakeSocket.last.connected()
  }

  /** A subscriber who has had everything up to offset 3 of epoch e1. */
  async function upToThree() {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    FakeSocket.last.receive(output(3))
    return seen
  }

  const since = () => FakeSocket.last.of('subscribe').flatMap((frame) => frame['channels'] as { since?: Position }[]).map((channel) => channel.since)

  it('asks for what came since the last frame, channel by channel', async () => {
    await upToThree()
    expect(since()).toEqual([undefined])
    client.subscribe('tasks', {})
    await reconnect()
    expect(FakeSocket.last.of('subscribe')).toEqual([
      { type: 'subscribe', channels: [{ channel: 'task:1', since: { epoch: 'e1', offset: 3 } }, { channel: 'tasks' }] },
    ])
  })

  it.each([3, 5])('needs nothing else when the server recovered, be %i the start or the head', async (offset) => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(offset), recovered: true })
    expect(seen.subscribed.at(-1)).toEqual({ epoch: 'e1', offset: 3 })
    for (const next of [4, 5, 6]) FakeSocket.last.receive(output(next))
    expect(seen.recovered).toEqual([false, true])
    expect(seen.frames).toEqual([3, 4, 5, 6])
    expect([seen.gaps, seen.resets]).toEqual([[], 0])
  })

  it('hands on the gap of a server that did not recover, once and with its address', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(9_000), recovered: false })
    const gap = { channel: 'task:1', from: 4, to: 9_000, reason: 'too_far_behind', fill: '/api/tasks/1/log?after=3&limit=5000' }
    FakeSocket.last.receive({ type: 'gap', ...gap })
    FakeSocket.last.receive(output(9_001))
    expect(seen.gaps).toEqual([gap])
    expect(seen.recovered).toEqual([false, false])
    expect(seen.frames).toEqual([3, 9_001])
    expect(client.position('task:1')).toEqual({ epoch: 'e1', offset: 9_001 })
  })

  it('notices by the next frame when the gap did not come', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(9), recovered: false })
    FakeSocket.last.receive(output(10))
    expect(seen.gaps).toEqual([{ channel: 'task:1', from: 4, to: 9, reason: 'hole' }])
  })

  it('makes the gap itself with a server that does not answer the question', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive(subscribed(9))
    expect(seen.gaps).toEqual([{ channel: 'task:1', from: 4, to: 9, reason: 'reconnected' }])
    expect(seen.recovered).toEqual([false, false])
  })

  it('is as good as recovered where nothing came meanwhile', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive(subscribed(3))
    expect(seen.recovered).toEqual([false, true])
    expect(seen.gaps).toEqual([])
  })

  it('forgets the offsets of another epoch: one reset, and no gap beside it', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(40, 'e2'), recovered: false })
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', from: 1, to: 40, reason: 'history_lost', fill: '/api/tasks/1/log?after=0&limit=40' })
    FakeSocket.last.receive(output(41))
    expect([seen.resets, seen.gaps, seen.recovered]).toEqual([1, [], [false, false]])
    expect(seen.frames).toEqual([3, 41])
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', reason: 'source_interrupted' })
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', from: 42, to: 43, reason: 'slow_consumer' })
    expect(seen.gaps.length).toBe(2)
    await reconnect()
    expect(since()).toEqual([{ epoch: 'e2', offset: 43 }])
  })

  it('starts again where the same epoch goes less far than what is known', async () => {
    const seen = await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(0), recovered: false })
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', reason: 'history_lost' })
    FakeSocket.last.receive(output(1))
    expect([seen.resets, seen.gaps]).toEqual([1, []])
    expect(seen.frames).toEqual([3, 1])
  })

  it('does not skip what is missing before a gap that is told', async () => {
    const seen = await upToThree()
    FakeSocket.last.receive({ type: 'gap', channel: 'task:1', from: 6, to: 7, reason: 'slow_consumer' })
    expect(seen.gaps).toEqual([
      { channel: 'task:1', from: 4, to: 5, reason: 'hole' },
      { channel: 'task:1', from: 6, to: 7, reason: 'slow_consumer' },
    ])
  })

  it('takes up every later loss from where it is then', async () => {
    await upToThree()
    await reconnect()
    FakeSocket.last.receive({ ...subscribed(3), recovered: true })
    FakeSocket.last.receive(output(4))
    await reconnect()
    expect(since()).toEqual([{ epoch: 'e1', offset: 4 }])
  })
})

describe('a connection that is not wanted', () => {
  it('is ended and not made again, whatever happens, and then asks for what it missed', async () => {
    const { seen, listener } = record()
    client.subscribe('task:1', listener)
    FakeSocket.last.connected()
    FakeSocket.last.receive(subscribed(2))
    client.setLive(false)
    expect(FakeSocket.last.closedWith).toBe(1000)
    expect(client.getState()).toMatchObject({ status: 'polling', wanted: false, nextAttemptAt: null })
    window.dispatchEvent(new Event('online'))
    document.dispatchEvent(new Event('visibilitychange'))
    client.retry()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(FakeSocket.all.length).toBe(1)
    client.reportHttp(false)
    expect(status()).toBe('offline')
    client.reportHttp(true)
    expect(status()).toBe('polling')

    client.setLive(true)
    FakeSocket.last.connected()
    expect(status()).toBe('live')
    expect(FakeSocket.last.of('subscribe')).toEqual([{ type: 'subscribe', channels: [{ channel: 'task:1', since: { epoch: 'e1', offset: 2 } }] }])
    FakeSocket.last.receive({ ...subscribed(2), recovered: true })
    FakeSocket.last.receive(output(3))
    expect(seen.frames).toEqual([3])
  })

  it('is not made to begin with', async () => {
    stop()
    FakeSocket.all = []
    client = new RealtimeClient({ url: 'ws://x/ws', createSocket: (url) => new FakeSocket(url), live: false })
    stop = client.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSocket.all.length).toBe(0)
    expect(status()).toBe('polling')
    client.setLive(true)
    expect(FakeSocket.all.length).toBe(1)
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
