/**
 * Brings one conversation to the page and keeps it whole: subscribes first, then loads the newest messages, and older
 * ones as they are asked for. Frames and pages meet by the ids of messages. While the socket is down it polls.
 * What is written here is sent under an id of its own, so that sending again after a lost answer is not a second message.
 */
import { ApiError, conversationPath, getJson, getPage } from '../../api/http'
import { type Message, type TaskPage, type TaskSummary, isFinal } from '../../api/types'
import type { RealtimeClient, Subscription } from '../../realtime/client'
import { type ChannelFrame, text } from '../../realtime/frames'
import { POLL_MS } from '../../realtime/react'
import { applyStatus } from '../tasks/liveTasks'
import { newMessageId, readUnsent, writeUnsent } from './chatStorage'
import { sendMessage } from './chatApi'
import { type Unsent, addMessage, mergeNewest, prependOlder } from './thread'

export interface ThreadSnapshot {
  phase: 'loading' | 'ready' | 'missing' | 'error'
  error: ApiError | null
  messages: readonly Message[]
  /** The conversation's tasks that are known, by id. */
  tasks: ReadonlyMap<string, TaskSummary>
  unsent: readonly Unsent[]
  /** Whether there are messages before these. */
  older: 'none' | 'more' | 'loading' | 'failed'
}

const PAGE = 50
const TASKS_PER_PAGE = 100
/** Reports of tasks come several at a time. */
const TASKS_REST_MS = 150

export class ThreadSession {
  private snapshot: ThreadSnapshot
  private readonly listeners = new Set<() => void>()
  private abort = new AbortController()
  private olderCursor: string | null = null
  private epoch: string | null = null
  private reading = false
  private readAgain = false
  /** Messages that came live while the newest page was read. */
  private during = new Set<string>()
  private tasksTimer: ReturnType<typeof setTimeout> | null = null
  private nextTaskPage: number | null = 1

  constructor(
    readonly id: string,
    private readonly client: RealtimeClient,
  ) {
    this.snapshot = { phase: 'loading', error: null, messages: [], tasks: new Map(), unsent: readUnsent(id), older: 'none' }
  }

  getSnapshot = (): ThreadSnapshot => this.snapshot

  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  start(): () => void {
    this.abort = new AbortController()
    this.reading = this.readAgain = false
    const subscription: Subscription = this.client.subscribe(`conversation:${this.id}`, {
      onFrame: (frame) => this.onFrame(frame),
      onSubscribed: ({ epoch }, recovered) => {
        const known = this.epoch
        this.epoch = epoch
        // What could not be read can be, now that the server is there.
        if (this.snapshot.phase === 'error' || (!recovered && known !== null)) void this.readNewest()
      },
      onGap: () => void this.readNewest(),
      onReset: () => void this.readNewest(),
    })
    const poll = setInterval(() => this.client.getState().status !== 'live' && void this.readNewest(), POLL_MS)
    void this.readNewest()
    return () => {
      this.abort.abort()
      subscription.close()
      clearInterval(poll)
      if (this.tasksTimer !== null) clearTimeout(this.tasksTimer)
      this.tasksTimer = null
    }
  }

  retry(): void {
    this.publish({ phase: 'loading', error: null })
    void this.readNewest()
  }

  // --- messages -------------------------------------------------------------------------------------

  /** The newest page and the tasks; one read at a time, and one more where something happened meanwhile. */
  private async readNewest(): Promise<void> {
    if (this.reading) {
      this.readAgain = true
      return
    }
    this.reading = true
    this.during = new Set()
    const { signal } = this.abort
    try {
      const [page] = await Promise.all([
        getPage<Message>(`${conversationPath(this.id)}/messages?limit=${PAGE}`, signal),
        this.readTasks(1, signal),
      ])
      if (signal.aborted) return
      const { messages, met } = mergeNewest(this.snapshot.messages, page.items, page.next !== null, this.during)
      if (!met) this.olderCursor = page.next
      this.publish({
        phase: 'ready', error: null, messages,
        older: met ? this.snapshot.older : page.next === null ? 'none' : 'more',
        unsent: this.stillUnsent(messages),
      })
    } catch (error) {
      if (signal.aborted) return
      const failure = error instanceof ApiError ? error : new ApiError(0, 'The conversation could not be read.')
      if (failure.status === 404) this.publish({ phase: 'missing', error: failure })
      // What is shown stays; the poll, or the next frame, tries again.
      else this.publish(this.snapshot.phase === 'ready' ? { error: failure } : { phase: 'error', error: failure })
    } finally {
      if (!signal.aborted) {
        this.reading = false
        if (this.readAgain) {
          this.readAgain = false
          void this.readNewest()
        }
      }
    }
  }

  async loadOlder(): Promise<void> {
    const { older } = this.snapshot
    if (this.olderCursor === null || older === 'none' || older === 'loading') return
    const { signal } = this.abort
    const cursor = this.olderCursor
    this.publish({ older: 'loading' })
    try {
      const page = await getPage<Message>(`${conversationPath(this.id)}/messages?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`, signal)
      // Meanwhile the newest page may have taken the place of everything.
      if (signal.aborted || this.olderCursor !== cursor) return
      this.olderCursor = page.next
      this.publish({ messages: prependOlder(this.snapshot.messages, page.items), older: page.next === null ? 'none' : 'more' })
      const unknown = page.items.some(({ task_id }) => task_id !== null && !this.snapshot.tasks.has(task_id))
      if (unknown && this.nextTaskPage !== null) await this.readTasks(this.nextTaskPage, signal)
    } catch {
      if (!signal.aborted) this.publish({ older: 'failed' })
    }
  }

  // --- tasks ----------------------------------------------------------------------------------------

  private async readTasks(page: number, signal: AbortSignal): Promise<void> {
    try {
      const query = new URLSearchParams({ conversation: this.id, page: String(page), per_page: String(TASKS_PER_PAGE) })
      const answer = await getJson<TaskPage>(`/api/tasks?${query}`, signal)
      if (signal.aborted) return
      this.nextTaskPage = page >= (this.nextTaskPage ?? 0) ? (page < answer.pages ? page + 1 : null) : this.nextTaskPage
      const tasks = new Map(this.snapshot.tasks)
      for (const task of answer.items) {
        const known = tasks.get(task.task_id)
        if (task.conversation_id === this.id && (!known || known.version <= task.version)) tasks.set(task.task_id, task)
      }
      this.publish({ tasks })
    } catch {
      // Costs and states are missing for a while; the messages are what matters.
    }
  }

  private readTasksSoon(): void {
    this.tasksTimer ??= setTimeout(() => {
      this.tasksTimer = null
      void this.readTasks(1, this.abort.signal)
    }, TASKS_REST_MS)
  }

  // --- live -----------------------------------------------------------------------------------------

  private onFrame(frame: ChannelFrame): void {
    if (frame.type === 'task_status') {
      const known = this.snapshot.tasks.get(frame.task_id)
      if (!known) return this.readTasksSoon()
      const next = applyStatus(known, frame)
      if (next !== known) this.publish({ tasks: new Map(this.snapshot.tasks).set(frame.task_id, next) })
      // A frame does not tell whether an engine has confirmed that it stopped.
      if (isFinal(next.status)) this.readTasksSoon()
    } else if (frame.type === 'other' && frame.name === 'message') {
      const message = toMessage(frame.body)
      if (!message || frame.body['truncated'] === true) return void this.readNewest()
      this.take(message)
      if (message.task_id !== null && !this.snapshot.tasks.has(message.task_id)) this.readTasksSoon()
    }
  }

  private take(message: Message): void {
    this.during.add(message.message_id)
    const messages = addMessage(this.snapshot.messages, message)
    this.publish({ messages, unsent: this.stillUnsent(messages) })
  }

  // --- sending --------------------------------------------------------------------------------------

  send(content: string): void {
    const one: Unsent = { message_id: newMessageId(), content, state: 'sending' }
    this.keep([...this.snapshot.unsent, one])
    void this.deliver(one)
  }

  resend(messageId: string): void {
    const one = this.snapshot.unsent.find((candidate) => candidate.message_id === messageId)
    if (!one || one.state === 'sending') return
    const again: Unsent = { message_id: one.message_id, content: one.content, state: 'sending' }
    this.keep(this.snapshot.unsent.map((other) => (other === one ? again : other)))
    void this.deliver(again)
  }

  /** Gives up what could not be sent; its words go back to whoever wrote them. */
  discard(messageId: string): string {
    const one = this.snapshot.unsent.find((candidate) => candidate.message_id === messageId)
    this.keep(this.snapshot.unsent.filter((other) => other !== one))
    return one?.content ?? ''
  }

  /** Goes on when the page shows something else: what is said is said. */
  private async deliver(one: Unsent): Promise<void> {
    try {
      const sent = await sendMessage(one.message_id, one.content, { conversation: this.id })
      this.take({
        message_id: sent.message_id, conversation_id: this.id, role: 'user', content: one.content, task_id: sent.task_id,
        created_at: new Date().toISOString(),
      })
      this.readTasksSoon()
    } catch (error) {
      const message = error instanceof ApiError ? error.message : 'It could not be sent.'
      this.keep(this.snapshot.unsent.map((other) => (other.message_id === one.message_id ? { ...other, state: 'failed', error: message } : other)))
    }
  }

  private stillUnsent(messages: readonly Message[]): readonly Unsent[] {
    const { unsent } = this.snapshot
    if (unsent.length === 0) return unsent
    const arrived = new Set(messages.map((message) => message.message_id))
    const still = unsent.filter((one) => !arrived.has(one.message_id))
    if (still.length !== unsent.length) writeUnsent(this.id, still)
    return still
  }

  private keep(unsent: readonly Unsent[]): void {
    writeUnsent(this.id, unsent)
    this.publish({ unsent })
  }

  private publish(change: Partial<ThreadSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change }
    for (const listener of [...this.listeners]) listener()
  }
}

function toMessage(body: Record<string, unknown>): Message | null {
  const [id, conversation, role, content, created] = (['message_id', 'conversation_id', 'role', 'content', 'created_at'] as const).map((name) => text(body, name))
  if (id === undefined || conversation === undefined || content === undefined || created === undefined) return null
  if (role !== 'user' && role !== 'assistant' && role !== 'system') return null
  return { message_id: id, conversation_id: conversation, role, content, created_at: created, task_id: text(body, 'task_id') ?? null }
}
