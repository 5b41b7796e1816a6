/**
 * A page's one live connection. This file, `frames.ts` and `backoff.ts` need nothing else: any front end can
 * take them as they are.
 *
 *     const client = new RealtimeClient({ url: 'wss://dashboard.example/ws' })
 *     const stop = client.start()
 *     const subscription = client.subscribe('task:123', {
 *       onSubscribed: (position, recovered) => { if (!recovered) loadFromRest() },
 *       onFrame: (frame) => show(frame),                  // each once, in the order of offsets
 *       onGap: (gap) => fetchWhatIsMissing(gap),          // gap.fill is the address of exactly that
 *       onReset: () => forgetEverything(),                // onSubscribed follows, not recovered
 *     })
 *     subscription.close()
 *
 * - One WebSocket for the whole page; channels are subscribed once, however many subscribers they have.
 * - Subscribe first, then load: what REST and frames both bring is recognised by its offset (or, on `tasks`, by
 *   the version of the task).
 * - Comes back by itself, for ever: 0.5 s to 30 s with full jitter, at once when the browser says `online`
 *   or the page becomes visible. A close code of the 44xx family (and 4029) stops that: trying again as we
 *   are cannot help, so it waits for `retry()`.
 * - After that it asks, for each channel, for what came since the last frame (`since`). A server that can, sends it:
 *   `recovered`, and nothing needs to be loaded. One that cannot says so by a gap or a new epoch, and one that does not
 *   know the question gives its present position, which becomes a gap (`reconnected`).
 * - Repeats are dropped. A hole between two frames is a gap, too. A channel of another epoch has lost its history: its
 *   offsets are forgotten, and subscribers start again (`onReset`).
 * - Notices half-open sockets: a ping every 25 s, and any silence after it counts as a lost connection.
 * - Says what it is: `live`, `connecting`, `reconnecting`, `polling` (down, but HTTP answers: tell it by `reportHttp`)
 *   or `offline`. Whatever it is but `live`, subscribers that want to stay fresh poll REST.
 * - `setLive(false)` closes the connection and keeps it closed, for looking at a page that polls.
 *
 * It knows neither a framework nor the features. Nothing here is buffered: frames are handed on at once, and
 * subscriptions are as many as the page holds.
 */
import { backoffDelay } from './backoff'
import { type ChannelFrame, type Gap, type Position, integer, parseFrame, text, toChannelFrame } from './frames'

export type ConnectionStatus = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'offline'

export interface ConnectionState {
  status: ConnectionStatus
  /** When `status` began (ms since 1970). */
  since: number
  /** Failed attempts in a row; 0 while live. */
  attempts: number
  lastMessageAt: number | null
  nextAttemptAt: number | null
  clientId: string | null
  closeCode: number | null
  /** The server refused us as we are; only `retry()` tries again. */
  refused: boolean
  /** What the server last said about itself, e.g. `redis_away`. */
  systemState: string | null
  /** False: no connection is wanted, see `setLive`. */
  wanted: boolean
}

export interface ChannelListener {
  onFrame?(frame: ChannelFrame): void
  /**
   * The subscription stands; frames after `position.offset` follow. `recovered`: these include all that was missed
   * since the last frame, so what is there already is still good. It never is the first time.
   */
  onSubscribed?(position: Position, recovered: boolean): void
  /** Frames are missing: fetch them. Without a range, nobody knows which. */
  onGap?(gap: Gap): void
  /** The channel's history was lost (new epoch): start again from REST. */
  onReset?(position: Position): void
  /** The server refused the channel. */
  onRefused?(code: string, message: string): void
}

export interface Subscription {
  close(): void
}

/** What the client needs of a WebSocket; tests bring their own. */
export interface SocketLike {
  readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

export interface RealtimeOptions {
  url: string
  createSocket?: (url: string) => SocketLike
  random?: () => number
  now?: () => number
  pingEveryMs?: number
  pongWithinMs?: number
  connectWithinMs?: number
  /** See `setLive`; true unless it is given. */
  live?: boolean
}

interface Channel {
  listeners: Set<ChannelListener>
  position: Position | null
  /** The server has confirmed the subscription on the present socket. */
  confirmed: boolean
  /** A subscribe frame has gone out on the present socket. */
  requested: boolean
  /** Up to here subscribers were told to start again: gaps before it are news to nobody. */
  resetTo: number | null
}

const OPEN = 1
/** As many as a server takes in one frame. */
const MAX_CHANNELS = 100
const UNAVAILABLE_RETRY_MS = 2_000
const noRetry = (code: number): boolean => (code >= 4400 && code <= 4499) || code === 4029

export class RealtimeClient {
  private readonly url: string
  private readonly createSocket: (url: string) => SocketLike
  private readonly random: () => number
  private readonly now: () => number
  private readonly pingEveryMs: number
  private readonly pongWithinMs: number
  private readonly connectWithinMs: number

  private readonly channels = new Map<string, Channel>()
  private readonly stateListeners = new Set<() => void>()
  private socket: SocketLike | null = null
  private ready = false
  private started = false
  private flushQueued = false
  private everLive = false
  private httpAnswers: boolean | null = null
  private comeBackWithinMs: number | null = null
  private reconnectTimer: ReturnType<typeof setTimeout> | null = null
  private pingTimer: ReturnType<typeof setTimeout> | null = null
  private deadlineTimer: ReturnType<typeof setTimeout> | null = null
  private resubscribeTimer: ReturnType<typeof setTimeout> | null = null
  private state: ConnectionState

  constructor(options: RealtimeOptions) {
    this.url = options.url
    this.createSocket = options.createSocket ?? ((url) => new WebSocket(url) as unknown as SocketLike)
    this.random = options.random ?? Math.random
    this.now = options.now ?? Date.now
    this.pingEveryMs = options.pingEveryMs ?? 25_000
    this.pongWithinMs = options.pongWithinMs ?? 10_000
    this.connectWithinMs = options.connectWithinMs ?? 10_000
    this.state = {
      status: 'connecting',
      since: this.now(),
      attempts: 0,
      lastMessageAt: null,
      nextAttemptAt: null,
      clientId: null,
      closeCode: null,
      refused: false,
      systemState: null,
      wanted: options.live ?? true,
    }
    if (!this.state.wanted) this.state.status = this.deriveStatus()
  }

  /** Connects, unless that is not wanted, and stays connected until the returned function is called. */
  start(): () => void {
    if (this.started) return () => this.stop()
    this.started = true
    window.addEventListener('online', this.onOnline)
    window.addEventListener('offline', this.onOffline)
    window.addEventListener('pagehide', this.onPageHide)
    window.addEventListener('pageshow', this.onPageShow)
    document.addEventListener('visibilitychange', this.onVisibility)
    if (this.state.wanted) this.connect()
    return () => this.stop()
  }

  stop(): void {
    if (!this.started) return
    this.started = false
    window.removeEventListener('online', this.onOnline)
    window.removeEventListener('offline', this.onOffline)
    window.removeEventListener('pagehide', this.onPageHide)
    window.removeEventListener('pageshow', this.onPageShow)
    document.removeEventListener('visibilitychange', this.onVisibility)
    this.clearReconnect()
    this.dropSocket()
  }

  getState = (): ConnectionState => this.state

  onState = (listener: () => void): (() => void) => {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  /** Where the channel stands, for a later recovery by `since`. */
  position(channel: string): Position | null {
    return this.channels.get(channel)?.position ?? null
  }

  subscribe(name: string, listener: ChannelListener): Subscription {
    let channel = this.channels.get(name)
    if (!channel) {
      channel = { listeners: new Set(), position: null, confirmed: false, requested: false, resetTo: null }
      this.channels.set(name, channel)
    }
    const joined = channel
    joined.listeners.add(listener)
    if (joined.confirmed) {
      // The server answers a channel once; who joins later hears it from us, after this call has returned.
      queueMicrotask(() => {
        if (joined.confirmed && joined.position && joined.listeners.has(listener)) {
          listener.onSubscribed?.(joined.position, false)
        }
      })
    }
    this.queueFlush()
    return {
      close: () => {
        if (joined.listeners.delete(listener)) this.queueFlush()
      },
    }
  }

  /** Tries again now, whatever the back-off or an earlier refusal say. */
  retry(): void {
    if (!this.started || this.ready || !this.state.wanted) return
    this.setState({ refused: false })
    this.clearReconnect()
    this.dropSocket()
    this.connect()
  }

  /** False ends the connection and makes no other until it is true again; then what was missed is asked for. */
  setLive(wanted: boolean): void {
    if (this.state.wanted === wanted) return
    this.setState({ wanted, attempts: 0, nextAttemptAt: null, closeCode: null, refused: false, clientId: null })
    this.clearReconnect()
    this.dropSocket()
    this.httpAnswers = null
    this.updateStatus()
    if (wanted && this.started) this.connect()
  }

  /** The HTTP side tells whether the server answers, which parts `polling` from `offline`. */
  reportHttp(answers: boolean): void {
    if (this.ready || this.httpAnswers === answers) return
    this.httpAnswers = answers
    this.updateStatus()
  }

  // --- connection -----------------------------------------------------------------------------------

  private connect(): void {
    this.setState({ nextAttemptAt: null })
    let socket: SocketLike
    try {
      socket = this.createSocket(this.url)
    } catch {
      this.lost(1006)
      return
    }
    this.socket = socket
    socket.onmessage = (event) => this.onMessage(event.data)
    socket.onclose = (event) => this.lost(event.code)
    socket.onerror = () => undefined // a close event always follows
    this.setDeadline(this.connectWithinMs)
  }

  private becomeLive(clientId: string | null): void {
    this.ready = true
    this.everLive = true
    this.httpAnswers = null
    this.comeBackWithinMs = null
    this.clearDeadline()
    this.setState({ attempts: 0, closeCode: null, refused: false, clientId })
    this.updateStatus()
    this.flush()
    this.schedulePing()
  }

  private lost(code: number): void {
    if (!this.socket && !this.started) return
    this.dropSocket()
    if (!this.started) return
    const refused = noRetry(code)
    this.setState({ attempts: this.state.attempts + 1, closeCode: code, refused, clientId: null })
    this.updateStatus()
    if (refused) return
    const delay =
      this.comeBackWithinMs === null
        ? backoffDelay(this.state.attempts - 1, this.random)
        : Math.round(this.random() * this.comeBackWithinMs)
    this.comeBackWithinMs = null
    this.setState({ nextAttemptAt: this.now() + delay })
    this.reconnectTimer = setTimeout(() => {
      this.reconnectTimer = null
      this.connect()
    }, delay)
  }

  /** Lets go of the socket without waiting for its close: on a dead network that never comes. */
  private dropSocket(): void {
    const socket = this.socket
    this.socket = null
    this.ready = false
    this.clearDeadline()
    if (this.pingTimer !== null) clearTimeout(this.pingTimer)
    this.pingTimer = null
    if (this.resubscribeTimer !== null) clearTimeout(this.resubscribeTimer)
    this.resubscribeTimer = null
    for (const [name, channel] of this.channels) {
      channel.confirmed = false
      channel.requested = false
      if (channel.listeners.size === 0) this.channels.delete(name)
    }
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    try {
      socket.close(1000)
    } catch {
      // a socket that is still connecting may refuse; it is forgotten all the same
    }
  }

  private schedulePing(): void {
    if (this.pingTimer !== null) clearTimeout(this.pingTimer)
    this.pingTimer = setTimeout(() => this.ping(this.pongWithinMs), this.pingEveryMs)
  }

  private ping(withinMs: number): void {
    if (!this.ready) return
    this.send({ type: 'ping' })
    this.setDeadline(withinMs)
    this.schedulePing()
  }

  private setDeadline(withinMs: number): void {
    this.clearDeadline()
    this.deadlineTimer = setTimeout(() => this.lost(4009), withinMs)
  }

  private clearDeadline(): void {
    if (this.deadlineTimer !== null) clearTimeout(this.deadlineTimer)
    this.deadlineTimer = null
  }

  private clearReconnect(): void {
    if (this.reconnectTimer !== null) clearTimeout(this.reconnectTimer)
    this.reconnectTimer = null
  }

  private send(frame: Record<string, unknown>): void {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(frame))
  }

  private readonly onOnline = (): void => {
    if (this.reconnectTimer !== null) this.retry()
    else if (this.ready) this.ping(5_000)
    this.updateStatus()
  }

  private readonly onOffline = (): void => {
    // Loopback and VPN connections outlive this event, so it is checked, not believed.
    if (this.ready) this.ping(3_000)
    this.updateStatus()
  }

  private readonly onVisibility = (): void => {
    if (document.visibilityState !== 'visible') return
    if (this.reconnectTimer !== null) this.retry()
    // Timers sleep in hidden tabs; what they would have noticed is asked now.
    else if (this.ready && this.now() - (this.state.lastMessageAt ?? 0) > this.pingEveryMs) this.ping(5_000)
  }

  private readonly onPageHide = (): void => {
    this.clearReconnect()
    this.dropSocket()
  }

  private readonly onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted && this.socket === null && !this.state.refused && this.state.wanted) this.connect()
  }

  // --- messages -------------------------------------------------------------------------------------

  private onMessage(data: unknown): void {
    this.clearDeadlineIfLive()
    this.state = { ...this.state, lastMessageAt: this.now() }
    const frame = parseFrame(data)
    if (!frame) return
    switch (frame['type']) {
      case 'connected':
        this.becomeLive(text(frame, 'client_id') ?? null)
        return
      case 'pong':
      case 'ack':
      case 'unsubscribed':
        return
      case 'draining': {
        const seconds = frame['reconnect_within_seconds']
        this.comeBackWithinMs = typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, 60) * 1000 : null
        return
      }
      case 'subscribed':
        this.onSubscribed(frame)
        return
      case 'gap':
        this.onGap(frame)
        return
      case 'error': {
        this.onError(text(frame, 'channel'), text(frame, 'code') ?? 'error', text(frame, 'message') ?? '')
        return
      }
      case 'system':
        this.setState({ systemState: text(frame, 'state') ?? null })
        return
      default:
        this.onChannelFrame(frame)
    }
  }

  private clearDeadlineIfLive(): void {
    // Before `connected` only that frame counts as an answer.
    if (this.ready) this.clearDeadline()
  }

  private onSubscribed(frame: Record<string, unknown>): void {
    const name = text(frame, 'channel')
    const channel = name === undefined ? undefined : this.channels.get(name)
    if (!name || !channel) return
    channel.confirmed = true
    const epoch = text(frame, 'epoch')
    const offset = integer(frame, 'offset')
    if (epoch === undefined || offset === undefined) return
    const known = channel.position
    const position = { epoch, offset }
    if (known === null) {
      channel.position = position
      this.each(name, (l) => l.onSubscribed?.(position, false))
    } else if (known.epoch !== epoch || (offset < known.offset && frame['recovered'] !== true)) {
      // Another history, or less of it than there was: the offsets that we know mean nothing any more.
      channel.position = position
      channel.resetTo = offset
      this.each(name, (l) => l.onReset?.(position))
      this.each(name, (l) => l.onSubscribed?.(position, false))
    } else if (frame['recovered'] === true || offset === known.offset) {
      // Frames go on after the one that we had last, whatever the head is.
      this.each(name, (l) => l.onSubscribed?.(known, true))
    } else {
      // One that answers `recovered: false` says itself what is missing, by the gap that follows.
      if (frame['recovered'] === undefined) this.skipTo(name, channel, offset + 1, 'reconnected')
      this.each(name, (l) => l.onSubscribed?.(position, false))
    }
  }

  private onError(name: string | undefined, code: string, message: string): void {
    const channel = name === undefined ? undefined : this.channels.get(name)
    if (!name || !channel) return
    if (code === 'unavailable') {
      // The server could not look up where the channel stands; it will be able to.
      channel.requested = false
      this.resubscribeTimer ??= setTimeout(() => {
        this.resubscribeTimer = null
        this.flush()
      }, UNAVAILABLE_RETRY_MS * (0.5 + this.random()))
    }
    this.each(name, (l) => l.onRefused?.(code, message))
  }

  /** Everything before this offset that was not seen is missing. */
  private skipTo(name: string, channel: Channel, next: number, reason: string): void {
    if (!channel.position || next <= channel.position.offset + 1) return
    const gap: Gap = { channel: name, from: channel.position.offset + 1, to: next - 1, reason }
    channel.position = { ...channel.position, offset: next - 1 }
    this.each(name, (l) => l.onGap?.(gap))
  }

  private onGap(frame: Record<string, unknown>): void {
    const name = text(frame, 'channel')
    const channel = name === undefined ? undefined : this.channels.get(name)
    if (!name || !channel) return
    const from = integer(frame, 'from')
    const to = integer(frame, 'to')
    const fill = text(frame, 'fill')
    const reason = text(frame, 'reason') ?? 'unknown'
    const { resetTo } = channel
    if (resetTo !== null && (to === undefined ? reason === 'history_lost' : to <= resetTo)) return
    if (from !== undefined) this.skipTo(name, channel, from, 'hole')
    if (to !== undefined && channel.position && to > channel.position.offset) {
      channel.position = { ...channel.position, offset: to }
    }
    const gap: Gap = {
      channel: name,
      reason,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(fill === undefined ? {} : { fill }),
    }
    this.each(name, (l) => l.onGap?.(gap))
  }

  private onChannelFrame(raw: Record<string, unknown>): void {
    const name = text(raw, 'channel')
    const channel = name === undefined ? undefined : this.channels.get(name)
    if (!name || !channel) return
    const frame = toChannelFrame(raw, name)
    if (!frame) return
    if (frame.offset !== undefined && channel.position) {
      if (frame.offset <= channel.position.offset) return
      this.skipTo(name, channel, frame.offset, 'hole')
      channel.position = { ...channel.position, offset: frame.offset }
    }
    this.each(name, (l) => l.onFrame?.(frame))
  }

  private each(name: string, call: (listener: ChannelListener) => void): void {
    for (const listener of [...(this.channels.get(name)?.listeners ?? [])]) call(listener)
  }

  // --- subscriptions --------------------------------------------------------------------------------

  /** Changes of one turn go out as one frame, and a channel that is dropped and taken again not at all. */
  private queueFlush(): void {
    if (this.flushQueued) return
    this.flushQueued = true
    queueMicrotask(() => {
      this.flushQueued = false
      this.flush()
    })
  }

  private flush(): void {
    const wanted: { channel: string; since?: Position }[] = []
    for (const [name, channel] of this.channels) {
      if (channel.listeners.size === 0) {
        if (channel.requested && this.ready) this.send({ type: 'unsubscribe', channel: name })
        this.channels.delete(name)
      } else if (!channel.requested && this.ready) {
        channel.requested = true
        wanted.push(channel.position ? { channel: name, since: channel.position } : { channel: name })
      }
    }
    for (let i = 0; i < wanted.length; i += MAX_CHANNELS) {
      this.send({ type: 'subscribe', channels: wanted.slice(i, i + MAX_CHANNELS) })
    }
  }

  // --- state ----------------------------------------------------------------------------------------

  private updateStatus(): void {
    const status = this.deriveStatus()
    if (status !== this.state.status) this.setState({ status, since: this.now() })
  }

  private deriveStatus(): ConnectionStatus {
    if (this.ready) return 'live'
    if (!this.state.wanted) return this.httpAnswers === false || !navigator.onLine ? 'offline' : 'polling'
    if (this.httpAnswers === true) return 'polling'
    if (this.httpAnswers === false || !navigator.onLine) return 'offline'
    return this.everLive || this.state.attempts > 0 ? 'reconnecting' : 'connecting'
  }

  private setState(change: Partial<ConnectionState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of [...this.stateListeners]) listener()
  }
}
