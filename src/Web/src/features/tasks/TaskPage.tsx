import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { Link, useParams } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { CopyIcon } from '../../app/icons'
import { ApiError } from '../../api/http'
import { type TaskDetails, isFinal } from '../../api/types'
import { copyText } from '../../lib/clipboard'
import { formatCost, formatCount, formatDuration, shortId, taskTitle } from '../../lib/format'
import { usePageMark } from '../../lib/pageMark'
import { Ago, useNow } from '../../lib/time'
import { useChannel, useRealtime } from '../../realtime/react'
import { Outcome } from './Outcome'
import { RelatedTasks } from './RelatedTasks'
import { InputBox, StopNotice, TaskActions } from './TaskActions'
import { TaskStatusBadge } from './TaskStatusBadge'
import { Timeline } from './Timeline'
import { Duration } from './columns'
import { LogSession } from './log/logSession'
import { LogViewer } from './log/LogViewer'
import { parseRange } from './log/lineAddress'
import type { LogModel } from './log/logModel'
import { applyStatus } from './liveTasks'
import { loadAnew, taskKeys, useHealth, useTaskDetails } from './queries'
import { type Activity, explainSilence } from './silence'
import { statusDots, statusSymbols } from './statusText'
import { queueSeconds } from './timeline'

export function TaskPage() {
  const { taskId = '' } = useParams()
  return <TaskView key={taskId} id={taskId} />
}

function TaskView({ id }: { id: string }) {
  const queries = useQueryClient()
  const { data: task, error, refetch } = useTaskDetails(id)
  const session = useLogSession(id)
  const log = useSyncExternalStore(session.onChange, session.getSnapshot)

  const reload = () => loadAnew(queries, taskKeys.details(id))
  useChannel(`task:${id}`, {
    onFrame: (frame) => {
      if (frame.type !== 'task_status') return
      queries.setQueryData<TaskDetails>(taskKeys.details(id), (before) => before && applyStatus(before, frame))
      // Result, error and the figures of a finished task come with the task, not with the frame.
      reload()
    },
    onSubscribed: (_, recovered) => {
      if (!recovered) reload()
    },
    onGap: reload,
    onReset: reload,
  })
  // Task and log are asked for apart; whichever is there first calls the other.
  const missing = error instanceof ApiError && error.status === 404
  useEffect(() => {
    if (missing && log.phase === 'ready') void refetch()
    else if (task && !error && (log.phase === 'missing' || log.phase === 'error')) session.retry()
  }, [missing, task, error, log.phase, refetch, session])

  const title = task ? taskTitle(task.input_message, id) : id
  usePageMark(task ? `${statusSymbols[task.status]} ${title}` : title, task ? statusDots[task.status] : 'none')

  if (missing && !task) return <NoSuchTask id={id} retry={() => { void refetch(); session.retry() }} />
  if (error && !task) return <ErrorNotice error={error} retry={() => { void refetch(); session.retry() }} />
  return (
    <div className="task-page">
      <TaskHeader id={id} task={task} title={title} notice={error && <ErrorNotice error={error} retry={() => void refetch()} compact />} />
      {task && <Timeline task={task} session={session} />}
      {task && <RelatedTasks task={task} />}
      {task && <StopNotice task={task} />}
      {task && <Outcome task={task} />}
      {task && !isFinal(task.status) && <Silence task={task} model={session.model} version={log.version} />}
      {task?.status === 'waiting_input' && <InputBox taskId={id} />}
      {log.phase === 'error' ? (
        <ErrorNotice error={log.error} retry={() => session.retry()} />
      ) : (
        <LogViewer session={session} taskId={id} title={title} />
      )}
    </div>
  )
}

function useLogSession(id: string): LogSession {
  const client = useRealtime()
  const session = useMemo(() => {
    const target = parseRange(window.location.hash)?.from.offset
    return new LogSession(id, client, target === undefined ? {} : { target })
  }, [id, client])
  useEffect(() => session.start(), [session])
  return session
}

function TaskHeader({ id, task, title, notice }: { id: string; task: TaskDetails | undefined; title: string; notice: ReactNode }) {
  const bone = (width: number) => <span className="bone" style={{ width }} />
  return (
    <header className="task-head">
      <div className="crumbs">
        <Link to="/tasks">Tasks</Link>
        <span aria-hidden="true">/</span>
        <CopyableId id={id} />
        {notice}
        {task && <TaskActions task={task} />}
      </div>
      <h1 title={title}>{task ? title : bone(320)}</h1>
      <div className="facts-row">
        <dl className="facts" data-testid="facts">
          <Fact name="Status">{task ? <TaskStatusBadge status={task.status} /> : bone(90)}</Fact>
          <Fact name="Queue">{task ? queueTime(task) : bone(50)}</Fact>
          <Fact name="Duration">{task ? <Duration task={task} /> : bone(60)}</Fact>
          <Fact name="Cost" testId="cost">{task ? formatCost(task.cost_usd) : bone(50)}</Fact>
          <Fact name="Tokens">
            {task ? (
              <span title={`${task.input_tokens.toLocaleString()} in, ${task.output_tokens.toLocaleString()} out`}>
                {formatCount(task.input_tokens)} <span className="muted">in</span> {formatCount(task.output_tokens)} <span className="muted">out</span>
              </span>
            ) : bone(90)}
          </Fact>
          <Fact name="Agent">{task ? (task.assigned_agent ?? '–') : bone(60)}</Fact>
          {task?.model && <Fact name="Model">{task.model}</Fact>}
          <Fact name="Source">{task ? task.source : bone(60)}</Fact>
          <Fact name="Created">{task ? <Ago value={task.created_at} /> : bone(60)}</Fact>
        </dl>
        <MoreFacts task={task} />
      </div>
    </header>
  )
}

function queueTime(task: TaskDetails): string {
  const seconds = queueSeconds(task)
  return seconds === null ? '–' : formatDuration(seconds)
}

function Fact({ name, children, testId }: { name: string; children: ReactNode; testId?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{children}</dd>
    </div>
  )
}

function CopyableId({ id }: { id: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <button className="id-button mono" title={`${id}: copy`} onClick={() => void copyText(id).then(setCopied)} onBlur={() => setCopied(false)}>
      {shortId(id)} <CopyIcon />
      <span className="visually-hidden" role="status">{copied ? 'Copied' : ''}</span>
      {copied && <span className="muted" aria-hidden="true">copied</span>}
    </button>
  )
}

function MoreFacts({ task }: { task: TaskDetails | undefined }) {
  const metadata = Object.entries(task?.source_metadata ?? {})
  return (
    <details className="more-facts">
      <summary>Details</summary>
      {task && (
        <>
          <dl className="facts-list">
            <Fact name="Task"><span className="mono">{task.task_id}</span></Fact>
            <Fact name="Created"><Ago value={task.created_at} /></Fact>
            {task.started_at && <Fact name="Started"><Ago value={task.started_at} /></Fact>}
            {task.completed_at && <Fact name="Finished"><Ago value={task.completed_at} /></Fact>}
            {task.last_output_at && <Fact name="Last output"><Ago value={task.last_output_at} /></Fact>}
            {task.agent_type && <Fact name="Agent type">{task.agent_type}</Fact>}
            {task.user_id && <Fact name="User">{task.user_id}</Fact>}
            {task.session_id && <Fact name="Session"><span className="mono">{task.session_id}</span></Fact>}
            {metadata.map(([name, value]) => (
              <Fact key={name} name={name}><span className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</span></Fact>
            ))}
          </dl>
          {task.input_message && <pre className="prose">{task.input_message}</pre>}
        </>
      )}
    </details>
  )
}

/** Says for how long nothing has been heard, and why that may be. */
function Silence({ task, model, version }: { task: TaskDetails; model: LogModel; version: number }) {
  const now = useNow()
  const last = useMemo(() => lastActivity(model), [model, version])
  const quiet = explainSilence(task, undefined, last, now) !== null
  const { data: health } = useHealth(quiet || task.status === 'queued')
  const text = explainSilence(task, health, last, now)
  if (text === null) return null
  return (
    <p className={`notice is-${task.status === 'waiting_input' ? 'waiting' : 'quiet'}`} data-testid="silence">
      {text}
    </p>
  )
}

function lastActivity(model: LogModel): Activity | null {
  const rows = model.rows()
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!
    if (row.type === 'gap') continue
    const name = row.type === 'block' && typeof row.data['name'] === 'string' ? row.data['name'] : null
    const kind = row.type === 'line' ? 'output' : row.type === 'block' ? row.kind : 'status'
    return { time: Date.parse(row.time), kind, name }
  }
  return null
}

function NoSuchTask({ id, retry }: { id: string; retry: () => void }) {
  return (
    <div className="state" data-testid="not-found">
      <h1>No task with this id</h1>
      <p className="mono break">{id}</p>
      <p>It may have been deleted, or nothing has been heard of it yet. If it starts, this page shows it by itself.</p>
      <div className="state-actions">
        <button className="button" onClick={retry}>Look again</button>
        <Link className="button" to="/tasks">To the tasks</Link>
      </div>
    </div>
  )
}
