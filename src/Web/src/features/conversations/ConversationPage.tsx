import { type KeyboardEvent, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { ArchiveIcon, BackIcon, EditIcon, TrashIcon } from '../../app/icons'
import { visited } from '../../app/palette/recent'
import { type Conversation, type TaskSummary, isFinal } from '../../api/types'
import { formatCost, plural } from '../../lib/format'
import { usePageMark } from '../../lib/pageMark'
import { useConnection, useRealtime } from '../../realtime/react'
import { statusDots } from '../tasks/statusText'
import { useConversationActions } from './actions'
import { answerTask } from './chatApi'
import { Composer } from './Composer'
import { isLeaving, keepAfterAll, useDeletions } from './deletions'
import { useConversation } from './queries'
import { Thread } from './Thread'
import { ThreadSession } from './threadSession'

export function ConversationPage() {
  const { conversationId = '' } = useParams()
  return <ConversationView key={conversationId} id={conversationId} />
}

function ConversationView({ id }: { id: string }) {
  const { data: conversation } = useConversation(id)
  const session = useThreadSession(id)
  const thread = useSyncExternalStore(session.onChange, session.getSnapshot)
  const deletions = useDeletions()
  const active = useMemo(() => activeTask(thread.tasks), [thread.tasks])

  const title = conversation?.title.trim() || (conversation ? 'Untitled' : 'Conversation')
  usePageMark(title, active ? statusDots[active.status] : 'none')
  useEffect(() => {
    if (conversation) visited({ kind: 'conversation', id, title })
  }, [conversation, id, title])

  if (isLeaving(id, deletions)) return <Leaving id={id} waiting={deletions.some((one) => one.id === id && one.state === 'waiting')} />
  if (thread.phase === 'missing') return <NoSuchConversation id={id} />
  if (thread.phase === 'error') return <ErrorNotice error={thread.error} retry={() => session.retry()} />
  return (
    <div className="chat">
      <Head conversation={conversation} title={title} />
      <Thread session={session} thread={thread} />
      <ChatComposer id={id} session={session} active={active} ready={thread.phase === 'ready'} />
    </div>
  )
}

function useThreadSession(id: string): ThreadSession {
  const client = useRealtime()
  const session = useMemo(() => new ThreadSession(id, client), [id, client])
  useEffect(() => session.start(), [session])
  return session
}

/** The one to stop or to answer: of several, one that waits, else the newest. */
function activeTask(tasks: ReadonlyMap<string, TaskSummary>): TaskSummary | null {
  const active = [...tasks.values()].filter((task) => !isFinal(task.status)).sort((a, b) => b.created_at.localeCompare(a.created_at))
  return active.find((task) => task.status === 'waiting_input') ?? active[0] ?? null
}

function ChatComposer({ id, session, active, ready }: { id: string; session: ThreadSession; active: TaskSummary | null; ready: boolean }) {
  const { status } = useConnection()
  const [aside, setAside] = useState<string | null>(null)
  const waiting = active?.status === 'waiting_input' && aside !== active.task_id ? active : null
  const hint =
    status === 'offline' ? 'The server cannot be reached. What you write is kept here.'
    : status === 'reconnecting' ? 'The live connection is being made again. Messages can be sent; replies may show late.'
    : null
  return (
    <Composer key={waiting ? `answer:${waiting.task_id}` : 'message'} draftKey={waiting ? `answer.${waiting.task_id}` : id} disabled={!ready}
      label={waiting ? 'Answer the agent' : 'Message'}
      placeholder={waiting ? 'The agent waits for your answer' : active ? 'Say something more' : 'Say something to the agent'}
      hint={hint} waiting={waiting !== null}
      aside={waiting && (
        <span>
          The agent waits for your answer.
          <button className="link-button" onClick={() => setAside(waiting.task_id)}>Say something else instead</button>
        </span>
      )}
      onSend={waiting ? (text) => answerTask(waiting.task_id, text).then(() => undefined) : (text) => session.send(text)} />
  )
}

function Head({ conversation, title }: { conversation: Conversation | undefined; title: string }) {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const { archive, remove, rename } = useConversationActions()
  const [editing, setEditing] = useState(false)
  const back = `/conversations${search.size > 0 ? `?${search}` : ''}`
  return (
    <header className="chat-head">
      <Link className="icon-button chat-back" to={back} aria-label="To the list of conversations"><BackIcon /></Link>
      <div className="chat-title">
        {editing && conversation ? (
          <TitleField title={conversation.title} onDone={(next) => { setEditing(false); if (next !== null) void rename(conversation, next) }} />
        ) : (
          <h2 title={title}>{conversation ? title : <span className="bone" style={{ width: 180 }} />}</h2>
        )}
        <p className="chat-facts muted" data-testid="chat-facts">
          {conversation && (
            <>
              <span>{conversation.agent_type ?? 'default agent'}</span>
              <span>{plural(conversation.message_count, 'message')}</span>
              <span data-testid="chat-cost" title={`${plural(conversation.total_tasks, 'run')} ended`}>{formatCost(conversation.total_cost_usd)}</span>
              {conversation.flow_id && <span className="chat-flow" title={conversation.flow_id}>{conversation.flow_id}</span>}
            </>
          )}
        </p>
      </div>
      {conversation && (
        <div className="chat-actions">
          {conversation.is_archived && <span className="tag">archived</span>}
          <button className="icon-button" aria-label="Rename" title="Rename" onClick={() => setEditing(true)}><EditIcon /></button>
          <button className="icon-button" aria-pressed={conversation.is_archived} aria-label={conversation.is_archived ? 'Take out of the archive' : 'Archive'}
            title={conversation.is_archived ? 'Take out of the archive' : 'Archive'} onClick={() => void archive(conversation, !conversation.is_archived)}>
            <ArchiveIcon />
          </button>
          <button className="icon-button" aria-label="Delete" title="Delete" onClick={() => { remove(conversation); void navigate(back) }}><TrashIcon /></button>
        </div>
      )}
    </header>
  )
}

function TitleField({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const field = useRef<HTMLInputElement>(null)
  const done = useRef(false)
  useEffect(() => field.current?.select(), [])
  const end = (next: string | null) => {
    if (done.current) return // the blur that follows Enter or Escape
    done.current = true
    onDone(next !== null && next.trim() !== '' && next.trim() !== title ? next.trim() : null)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') end(event.currentTarget.value)
    if (event.key === 'Escape') end(null)
  }
  return <input ref={field} className="input chat-rename" aria-label="Title" defaultValue={title} maxLength={500} autoFocus onKeyDown={onKeyDown} onBlur={(event) => end(event.target.value)} />
}

function Leaving({ id, waiting }: { id: string; waiting: boolean }) {
  return (
    <div className="state">
      <h2>{waiting ? 'This conversation will be deleted' : 'This conversation was deleted'}</h2>
      <p>{waiting ? 'In a few seconds, or when you leave this page.' : 'Its tasks are still there.'}</p>
      {waiting ? <button className="button" onClick={() => keepAfterAll(id)}>Undo</button> : <Link className="button" to="/conversations">To the conversations</Link>}
    </div>
  )
}

function NoSuchConversation({ id }: { id: string }) {
  usePageMark('No such conversation', 'none')
  return (
    <div className="state" data-testid="no-conversation">
      <h2>No conversation with this id</h2>
      <p className="mono break">{id}</p>
      <p>It may have been deleted.</p>
      <Link className="button" to="/conversations">To the conversations</Link>
    </div>
  )
}
