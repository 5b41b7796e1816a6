/**
 * Brings one task's log to the page and keeps it whole: subscribes first, then loads the tail (or what a
 * link points at), then what is earlier, in the background. Frames and pages meet in the model by offset,
 * so nothing is missed and nothing shows twice. While the socket is down it polls.
 */
import { ApiError, getJson, taskPath } from '../../../api/http'
import type { LogEntry, LogPage } from '../../../api/types'
import type { RealtimeClient, Subscription } from '../../../realtime/client'
import type { ChannelFrame, Gap } from '../../../realtime/frames'
import { POLL_MS } from '../../../realtime/react'
import { LogModel, type OffsetRange } from './logModel'
import type { Interruption } from './logView'

export interface LogSnapshot {
  phase: 'loading' | 'ready' | 'missing' | 'error'
  error: ApiError | null
  /** Changes whenever the rows do. */
  version: number
  /** Entries here, and entries that exist. */
  loaded: number
  total: number
  /** Earlier entries are being loaded; null when there is nothing left to load. */
  backfill: 'running' | 'paused' | null
  interruptions: readonly Interruption[]
}

interface PageRequest {
  range: OffsetRange
  query: Record<string, number>
  /** The target of a link that this request is for; asked again when it fails. */
  wanted: number | null
}

export type FetchPage = (taskId: string, query: Record<string, number>, signal: AbortSignal) => Promise<LogPage>

export interface LogSessionOptions {
  fetchPage?: FetchPage
  /** Where a link points; loaded first. */
  target?: number
  /** Rows and characters at which loading earlier pages pauses. */
  maxRows?: number
  maxChars?: number
}

const TAIL = 200
const AROUND = 400
const MAX_LIMIT = 5_000
const PAGE_CHARS = 1_500_000
const FLUSH_MS = 40
/** More than anybody can read: then fewer, larger redraws leave the page time for the reader. */
const FLOOD = 100
const FLOOD_FLUSH_MS = 150
const MAX_WAITING = 20_000
const TRIES = 7

const fetchLogPage: FetchPage = (taskId, query, signal) => {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
  return getJson<LogPage>(`${taskPath(taskId)}/log?${search}`, signal)
}

export class LogSession {
  readonly model = new LogModel()
  private readonly fetchPage: FetchPage
  private readonly listeners = new Set<() => void>()
  private maxRows: number
  private maxChars: number
  private readonly maxRowsStep: number
  private readonly maxCharsStep: number

  private snapshot: LogSnapshot = {
    phase: 'loading', error: null, version: 0, loaded: 0, total: 0, backfill: null, interruptions: [],
  }
  private interruptions: Interruption[] = []
  private abort = new AbortController()
  private subscription: Subscription | null = null
  private stopState: (() => void) | null = null
  private waiting: LogEntry[] = []
  private flooded = false
  private flushTimer: ReturnType<typeof setTimeout> | null = null
  private pollTimer: ReturnType<typeof setTimeout> | null = null
  private pumping = false
  private wanted: number | null
  private failures = new Map<number, number>()
  private charsPerEntry = 100
  private epoch: string | null = null
  private running = false

  constructor(
    private readonly taskId: string,
    private readonly client: RealtimeClient,
    options: LogSessionOptions = {},
  ) {
    this.fetchPage = options.fetchPage ?? fetchLogPage
    this.wanted = options.target ?? null
    this.maxRows = this.maxRowsStep = options.maxRows ?? 250_000
    this.maxChars = this.maxCharsStep = options.maxChars ?? 64_000_000
  }

  getSnapshot = (): LogSnapshot => this.snapshot

  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  start(): () => void {
    this.running = true
    this.abort = new AbortController()
    this.subscription = this.client.subscribe(`task:${this.taskId}`, {
      onFrame: (frame) => this.onFrame(frame),
      onGap: (gap) => this.onGap(gap),
      onSubscribed: ({ epoch, offset }) => {
        if (this.epoch !== null && this.epoch !== epoch) return this.restart(epoch)
        this.epoch = epoch
        this.model.noteHead(offset)
        if (this.snapshot.phase === 'ready') this.pump()
        else if (this.snapshot.phase === 'missing' && offset > 0) void this.loadFirst()
      },
      onReset: ({ epoch }) => this.restart(epoch),
    })
    this.stopState = this.client.onState(() => this.watchConnection())
    this.watchConnection()
    void this.loadFirst()
    return () => this.stop()
  }

  retry(): void {
    this.publish({ phase: 'loading', error: null })
    void this.loadFirst()
  }

  /** Loads on beyond the bound at which loading paused. */
  loadMore(): void {
    this.maxRows = this.model.rowCount + this.maxRowsStep
    this.maxChars = this.model.chars + this.maxCharsStep
    this.pump()
  }

  /** Loads what is around the offset before anything else. */
  want(offset: number): void {
    this.wanted = offset
    this.pump()
  }

  private stop(): void {
    this.running = false
    this.abort.abort()
    this.subscription?.close()
    this.stopState?.()
    if (this.flushTimer !== null) clearTimeout(this.flushTimer)
    if (this.pollTimer !== null) clearTimeout(this.pollTimer)
    this.flushTimer = this.pollTimer = null
    this.waiting = []
    this.pumping = false
  }

  private restart(epoch: string): void {
    this.epoch = epoch
    this.abort.abort()
    this.abort = new AbortController()
    this.pumping = false
    this.waiting = []
    this.interruptions = []
    this.failures.clear()
    this.model.reset()
    this.publish({ phase: 'loading', error: null })
    void this.loadFirst()
  }

  // --- live -----------------------------------------------------------------------------------------

  private onFrame(frame: ChannelFrame): void {
    const entry = toEntry(frame)
    if (!entry) return
    this.waiting.push(entry)
    if (this.waiting.length > MAX_WAITING) {
      // A page that cannot keep up lets frames go and reads them again from REST.
      this.model.noteHead(entry.offset)
      this.waiting = []
      this.pump()
    }
    // A timer, not an animation frame: hidden tabs have none.
    this.flushTimer ??= setTimeout(() => this.flush(), this.flooded ? FLOOD_FLUSH_MS : FLUSH_MS)
  }

  private flush(): void {
    this.flushTimer = null
    if (this.waiting.length === 0) return
    const entries = this.waiting
    this.waiting = []
    this.flooded = entries.length > FLOOD
    this.model.insert(entries)
    if (this.model.rowCount > this.maxRows * 1.2) this.model.trim(this.maxRows)
    // A log that was not there a moment ago begins with its first frame.
    if (this.snapshot.phase === 'missing' || this.snapshot.phase === 'error') this.publish({ phase: 'ready', error: null })
    else this.publish({})
    if (this.snapshot.phase === 'ready') this.pump()
  }

  private onGap(gap: Gap): void {
    this.flushNow()
    if (gap.to !== undefined) this.model.noteHead(gap.to)
    else {
      const after = this.model.lastLoaded
      if (this.interruptions.at(-1)?.offset !== after && this.interruptions.length < 1_000) {
        this.interruptions = [...this.interruptions, { type: 'interruption', offset: after, index: 0, reason: gap.reason }]
      }
      void this.catchUp()
    }
    this.publish({})
    if (this.snapshot.phase === 'ready') this.pump()
  }

  private flushNow(): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer)
    this.flush()
  }

  private watchConnection(): void {
    const live = this.client.getState().status === 'live'
    if (live && this.pollTimer !== null) {
      // What was missed comes with the subscription, or it says how far the log goes.
      clearTimeout(this.pollTimer)
      this.pollTimer = null
    } else if (!live && this.pollTimer === null && this.running) {
      this.pollTimer = setTimeout(() => void this.poll(), POLL_MS)
    }
  }

  private async poll(): Promise<void> {
    if (this.snapshot.phase === 'missing') await this.loadFirst()
    else if (this.snapshot.phase === 'ready') await this.catchUp()
    if (this.running && this.client.getState().status !== 'live') {
      this.pollTimer = setTimeout(() => void this.poll(), POLL_MS)
    } else this.pollTimer = null
  }

  /** Reads what is after the newest loaded entry. */
  private async catchUp(): Promise<void> {
    if (this.snapshot.phase !== 'ready') return
    const signal = this.abort.signal
    try {
      const page = await this.fetchPage(this.taskId, { after: this.model.lastLoaded, limit: 1_000 }, signal)
      if (signal.aborted) return
      this.take(page)
      this.publish({})
      this.pump()
    } catch {
      // the next poll, or the next frame, tries again
    }
  }

  // --- pages ----------------------------------------------------------------------------------------

  private async loadFirst(): Promise<void> {
    const signal = this.abort.signal
    try {
      const tail = await this.fetchPage(this.taskId, { tail: TAIL }, signal)
      if (signal.aborted) return
      this.take(tail)
      this.publish({ phase: 'ready', error: null })
      this.pump()
    } catch (error) {
      if (signal.aborted) return
      const failure = error instanceof ApiError ? error : new ApiError(0, 'The log could not be read.')
      if (failure.status === 404) this.publish({ phase: 'missing', error: failure })
      else if (this.snapshot.phase !== 'ready') this.publish({ phase: 'error', error: failure })
    }
  }

  private take(page: LogPage): number {
    if (this.epoch === null) this.epoch = page.position?.epoch || null
    const added = this.model.insert(page.entries)
    this.model.noteHead(page.last_offset)
    if (page.entries.length > 0) {
      const chars = page.entries.reduce((sum, entry) => sum + (entry.output?.length ?? 0), 0)
      this.charsPerEntry = Math.max(20, chars / page.entries.length)
    }
    return added
  }

  /** Fills what is missing, one request at a time, until nothing is or the bound is reached. */
  private pump(): void {
    if (this.pumping || !this.running) return
    this.pumping = true
    void this.fillMissing(this.abort.signal).finally(() => {
      if (this.abort.signal.aborted) return
      this.pumping = false
      this.publish({})
    })
  }

  private async fillMissing(signal: AbortSignal): Promise<void> {
    for (;;) {
      const request = this.nextRequest()
      if (!request || signal.aborted) return
      const { range, query } = request
      this.wanted = null
      let added: number
      try {
        const page = await this.fetchPage(this.taskId, query, signal)
        if (signal.aborted) return
        added = this.take(page)
        this.publish({})
      } catch (error) {
        if (signal.aborted || (error instanceof ApiError && error.status === 404)) return
        this.wanted ??= request.wanted
        await pause(POLL_MS, signal)
        continue
      }
      if (added > 0) {
        this.failures.delete(range.from)
        // Let the page draw and scroll between two pages.
        await pause(0, signal)
        continue
      }
      // What was published a moment ago may not be readable yet; what never becomes readable is lost.
      const failed = (this.failures.get(range.from) ?? 0) + 1
      this.failures.set(range.from, failed)
      if (failed >= TRIES) {
        this.failures.delete(range.from)
        this.model.markLost(range.from, range.to)
        this.publish({})
      } else await pause(100 * 2 ** failed, signal)
    }
  }

  private nextRequest(): PageRequest | null {
    const missing = this.model.missing()
    const limit = Math.max(10, Math.min(MAX_LIMIT, Math.floor(PAGE_CHARS / this.charsPerEntry)))
    const wanted = this.wanted
    if (wanted !== null) {
      const around = missing.find((range) => wanted >= range.from && wanted <= range.to)
      if (around) {
        const from = Math.max(around.from, wanted - AROUND / 2)
        const to = Math.min(around.to, wanted + AROUND)
        return { range: { from, to }, query: { after: from - 1, limit: to - from + 1 }, wanted }
      }
    }
    const newest = missing.at(-1)
    if (!newest) return null
    const full = this.model.rowCount >= this.maxRows || this.model.chars >= this.maxChars
    if (full && newest.to < this.model.lastLoaded) return null
    if (newest.from > 1) {
      // A hole behind loaded entries is filled forwards, in reading order.
      const to = Math.min(newest.to, newest.from + limit - 1)
      return { range: { from: newest.from, to }, query: { after: newest.from - 1, limit: to - newest.from + 1 }, wanted: null }
    }
    const from = Math.max(newest.from, newest.to - limit + 1)
    return { range: { from, to: newest.to }, query: { before: newest.to + 1, limit: newest.to - from + 1 }, wanted: null }
  }

  // --- state ----------------------------------------------------------------------------------------

  private publish(change: Partial<LogSnapshot>): void {
    const incomplete = this.model.missing().length > 0
    this.snapshot = {
      ...this.snapshot,
      ...change,
      version: this.model.version,
      loaded: this.model.loadedEntries,
      total: this.model.lastKnown,
      backfill: !incomplete ? null : this.pumping ? 'running' : 'paused',
      interruptions: this.interruptions,
    }
    for (const listener of [...this.listeners]) listener()
  }
}

export function toEntry(frame: ChannelFrame): LogEntry | null {
  switch (frame.type) {
    case 'task_output':
      return {
        offset: frame.offset, type: 'output', timestamp: frame.timestamp, output: frame.output,
        kind: frame.kind ?? 'output', ...(frame.data ? { data: frame.data } : {}),
      }
    case 'task_status': {
      const { offset, timestamp, status, previous, cost_usd, input_tokens, output_tokens, duration_seconds, error } = frame
      const figures = { cost_usd, input_tokens, output_tokens, duration_seconds, error }
      const data = Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined))
      return { offset, type: 'status', timestamp, status, data, ...(previous ? { previous } : {}) }
    }
    default:
      return null
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    }, { once: true })
  })
}
