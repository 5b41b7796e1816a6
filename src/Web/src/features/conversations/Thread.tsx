import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { DownIcon } from '../../app/icons'
import type { Message } from '../../api/types'
import { formatAbsolute, formatClock, formatDay } from '../../lib/format'
import { Markdown } from '../../lib/markdown/Markdown'
import { returnText } from './Composer'
import { Reply } from './Reply'
import { type ThreadItem, type Unsent, threadItems } from './thread'
import type { ThreadSession, ThreadSnapshot } from './threadSession'

/** So near to the end, one means to be at the end. */
const AT_END_PX = 60
/** Older messages are asked for before the reader is at the oldest. */
const EARLY_PX = 800

export function Thread({ session, thread }: { session: ThreadSession; thread: ThreadSnapshot }) {
  const items = useMemo(
    () => threadItems(thread.messages, thread.tasks, thread.unsent, thread.older === 'none'),
    [thread.messages, thread.tasks, thread.unsent, thread.older],
  )
  const { scroller, content, atEnd, missed, toEnd } = usePlace(items, session, thread)
  return (
    <div className="thread">
      <div ref={scroller} className="thread-scroll" data-testid="thread" tabIndex={0} role="log" aria-label="Messages" aria-live="off">
        <div ref={content} className="thread-content">
          {thread.older !== 'none' && (
            <div className="thread-older">
              {thread.older === 'failed'
                ? <button className="button" onClick={() => void session.loadOlder()}>Load older messages</button>
                : <span className="muted">{thread.older === 'loading' ? 'Loading older messages …' : ''}</span>}
            </div>
          )}
          {thread.phase === 'loading' && items.length === 0 ? <ThreadSkeleton />
            : items.length === 0 ? <p className="thread-empty muted">Nothing has been said yet.</p>
            : items.map((item, i) => <Item key={item.key} item={item} session={session} last={i === items.length - 1} day={dayOf(items[i - 1], item)} />)}
        </div>
      </div>
      {!atEnd && (
        <button className="thread-end" onClick={toEnd} aria-label={missed > 0 ? `To the newest: ${missed} new` : 'To the newest'}>
          <DownIcon />{missed > 0 && <span>{missed} new</span>}
        </button>
      )}
    </div>
  )
}

/**
 * Keeps the reader's place: at the end it follows what comes; anywhere else what is read stays where it is, whatever grows
 * above or below it.
 */
function usePlace(items: readonly ThreadItem[], session: ThreadSession, thread: ThreadSnapshot) {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const anchor = useRef<{ key: string; top: number } | null>(null)
  const [atEnd, setAtEnd] = useState(true)
  const [seen, setSeen] = useState(items.length)
  const lastKey = items.at(-1)?.key

  const note = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const end = element.scrollHeight - element.scrollTop - element.clientHeight <= AT_END_PX
    following.current = end
    setAtEnd(end)
    anchor.current = firstInView(element)
  }, [])

  const keepPlace = useCallback(() => {
    const element = scroller.current
    if (!element) return
    if (following.current) {
      element.scrollTop = element.scrollHeight
      return
    }
    const at = anchor.current
    const row = at && element.querySelector<HTMLElement>(`[data-key="${CSS.escape(at.key)}"]`)
    if (!row) return
    const moved = row.offsetTop - element.scrollTop - at.top
    if (Math.abs(moved) >= 1) element.scrollTop += moved
  }, [])

  useLayoutEffect(keepPlace, [items, keepPlace])
  useEffect(() => {
    const element = scroller.current
    if (!element || !content.current) return
    // Replies grow without this component being drawn, and the screen may turn.
    const observer = new ResizeObserver(keepPlace)
    observer.observe(content.current)
    observer.observe(element)
    const onScroll = () => {
      note()
      if (element.scrollTop < EARLY_PX) void session.loadOlder()
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', onScroll)
    }
  }, [keepPlace, note, session])

  // A page of short messages may not fill the screen.
  useEffect(() => {
    const element = scroller.current
    if (thread.phase === 'ready' && thread.older === 'more' && element && element.scrollTop < EARLY_PX) void session.loadOlder()
  }, [thread.phase, thread.older, items.length, session])

  // What one says oneself is always brought to view.
  const newest = items.at(-1)
  useEffect(() => {
    if (newest?.type !== 'unsent' || newest.unsent.state !== 'sending') return
    following.current = true
    keepPlace()
  }, [newest?.key, newest?.type, keepPlace])

  const count = items.length
  useEffect(() => {
    if (atEnd) setSeen(count)
  }, [atEnd, count])
  const olderCount = useRef({ lastKey, count })
  useEffect(() => {
    // Older ones that came in above are not new.
    if (olderCount.current.lastKey === lastKey && count > olderCount.current.count) setSeen((before) => before + count - olderCount.current.count)
    olderCount.current = { lastKey, count }
  }, [lastKey, count])

  const toEnd = useCallback(() => {
    following.current = true
    setAtEnd(true)
    keepPlace()
    scroller.current?.focus({ preventScroll: true })
  }, [keepPlace])
  return { scroller, content, atEnd, missed: Math.max(0, count - seen), toEnd }
}

function firstInView(scroller: HTMLElement): { key: string; top: number } | null {
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-key]')) {
    if (row.offsetTop + row.offsetHeight > scroller.scrollTop) return { key: row.dataset['key']!, top: row.offsetTop - scroller.scrollTop }
  }
  return null
}

const timeOf = (item: ThreadItem | undefined): string | undefined =>
  item?.type === 'message' ? item.message.created_at : item?.type === 'reply' ? (item.task?.created_at ?? item.message?.created_at) : undefined

/** The day, where it is another one than that of what stands above. */
function dayOf(above: ThreadItem | undefined, item: ThreadItem): string | null {
  const [before, now] = [timeOf(above), timeOf(item)]
  if (now === undefined) return null
  const day = formatDay(Date.parse(now))
  return above === undefined || (before !== undefined && formatDay(Date.parse(before)) !== day) ? day : null
}

const Item = memo(function Item({ item, session, last, day }: { item: ThreadItem; session: ThreadSession; last: boolean; day: string | null }) {
  return (
    <div className={`thread-item is-${item.type}`} data-key={item.key}>
      {day && <p className="thread-day muted">{day}</p>}
      {item.type === 'message' ? <Said message={item.message} /> : item.type === 'reply' ? <Reply item={item} last={last} /> : <NotYetSent unsent={item.unsent} session={session} />}
    </div>
  )
}, (before, after) => before.last === after.last && before.day === after.day && before.session === after.session && sameItem(before.item, after.item))

function sameItem(a: ThreadItem, b: ThreadItem): boolean {
  if (a.type === 'message' && b.type === 'message') return a.message.message_id === b.message.message_id
  if (a.type === 'reply' && b.type === 'reply') return a.key === b.key && a.task === b.task && a.message?.message_id === b.message?.message_id && a.question === b.question
  return a.type === 'unsent' && b.type === 'unsent' && a.unsent === b.unsent
}

const LONG_LINES = 12
const LONG_CHARS = 1_200

/** What a person said, as it was typed; what the system says is marked down. */
function Said({ message }: { message: Message }) {
  const { role, content, created_at: at } = message
  const long = content.length > LONG_CHARS || content.split('\n', LONG_LINES + 1).length > LONG_LINES
  const [open, setOpen] = useState(false)
  if (role === 'system') {
    return (
      <details className="said-system" data-role="system">
        <summary><b>System</b> <span className="muted">{content.split('\n')[0]?.slice(0, 160)}</span></summary>
        <Markdown text={content} />
      </details>
    )
  }
  return (
    <div className="said" data-role="user" data-message={message.message_id}>
      <div className={long && !open ? 'bubble is-cut' : 'bubble'} dir="auto">{content}</div>
      <div className="said-foot muted">
        {long && <button className="link-button" onClick={() => setOpen(!open)}>{open ? 'Show less' : 'Show all'}</button>}
        <time dateTime={at} title={formatAbsolute(Date.parse(at))}>{formatClock(Date.parse(at)).slice(0, 5)}</time>
      </div>
    </div>
  )
}

function NotYetSent({ unsent, session }: { unsent: Unsent; session: ThreadSession }) {
  const { message_id: id, content, state, error } = unsent
  return (
    <div className="said is-unsent" data-role="user" data-testid="unsent" data-state={state}>
      <div className="bubble" dir="auto">{content}</div>
      {state === 'sending' ? (
        <div className="said-foot muted" role="status">Sending …</div>
      ) : (
        <div className="said-foot is-failed" role="alert">
          <span>Not sent. {error}</span>
          <button className="link-button" onClick={() => session.resend(id)}>Try again</button>
          <button className="link-button" onClick={() => returnText(session.id, session.discard(id))}>Edit</button>
        </div>
      )}
    </div>
  )
}

function ThreadSkeleton() {
  return (
    <div aria-hidden="true" data-testid="thread-skeleton">
      {[60, 85, 40].map((width, i) => (
        <div key={i} className={i % 2 === 0 ? 'thread-item said' : 'thread-item'}>
          <div className="bone" style={{ width: `${width}%`, height: 34, borderRadius: 10 }} />
        </div>
      ))}
    </div>
  )
}
