import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { Link } from 'react-router'
import { ChevronIcon, CopyIcon, StopIcon } from '../../app/icons'
import { ApiError } from '../../api/http'
import { type TaskSummary, isFinal } from '../../api/types'
import { copyText } from '../../lib/clipboard'
import { formatAbsolute, formatClock, formatCost, formatCount, formatDuration, formatSpan } from '../../lib/format'
import { Markdown } from '../../lib/markdown/Markdown'
import { useNow } from '../../lib/time'
import { useRealtime } from '../../realtime/react'
import { TaskStatusBadge } from '../tasks/TaskStatusBadge'
import { Duration } from '../tasks/columns'
import { LogSession } from '../tasks/log/logSession'
import { useHealth } from '../tasks/queries'
import { explainSilence } from '../tasks/silence'
import { retryTask, stopTask } from './chatApi'
import { type Step, type ToolStep, describeSteps, firstLine, inputPreview, replySteps, withoutAnswer } from './replySteps'
import type { ThreadItem } from './thread'

/**
 * What an agent says: while its task runs, as it is produced; then what was saved, in the same place. Who watched it being made
 * keeps seeing how, so that nothing jumps; who comes later opens it.
 */
export function Reply({ item, last }: { item: Extract<ThreadItem, { type: 'reply' }>; last: boolean }) {
  const { task, message, taskId, question } = item
  const active = task !== undefined && !isFinal(task.status)
  const [watched, setWatched] = useState(active)
  useEffect(() => {
    if (active) setWatched(true)
  }, [active])
  const [open, setOpen] = useState(false)
  // Ended without a word: what there is to see is how it went.
  const shown = taskId !== null && (active || watched || open || (last && !message && task !== undefined))
  return (
    <article className="reply" data-role="assistant" data-reply={taskId ?? undefined} data-live={active}>
      {question !== null && <p className="reply-question muted" title={question}>{task?.parent_task_id ? 'Again: ' : ''}{question}</p>}
      {taskId !== null && message && !watched && <StepsToggle open={open} onToggle={() => setOpen(!open)} />}
      {shown && <Steps taskId={taskId} ended={!active} answer={message?.content ?? null} />}
      {message && <div data-testid="answer" data-message={message.message_id}><Markdown text={message.content} /></div>}
      {taskId !== null && !message && !shown && task && <StepsToggle open={open} onToggle={() => setOpen(!open)} />}
      {task && active && <Working task={task} />}
      <Foot item={item} active={active} />
    </article>
  )
}

function StepsToggle({ open, onToggle }: { open: boolean; onToggle: () => void }) {
  return (
    <button className="steps-toggle" aria-expanded={open} onClick={onToggle}>
      <ChevronIcon /> {open ? 'Hide the steps' : 'Show the steps'}
    </button>
  )
}

function Steps({ taskId, ended, answer }: { taskId: string; ended: boolean; answer: string | null }) {
  const client = useRealtime()
  const session = useMemo(() => new LogSession(taskId, client), [taskId, client])
  useEffect(() => session.start(), [session])
  const log = useSyncExternalStore(session.onChange, session.getSnapshot)
  const steps = useMemo(() => {
    const all = replySteps(session.model.rows(), ended)
    return answer === null ? all : withoutAnswer(all, answer)
  }, [session, log.version, ended, answer])
  if (steps.length === 0) {
    if (log.phase === 'error') return <p className="muted">The steps could not be loaded. <button className="link-button" onClick={() => session.retry()}>Try again</button></p>
    if (ended && log.phase !== 'loading' && answer !== null) return null
    return ended && log.phase !== 'loading' ? <p className="muted">It ended without a word.</p> : null
  }
  return (
    <div className="steps" data-testid="steps" aria-label={describeSteps(steps)}>
      {log.backfill !== null && <p className="muted">Earlier steps are loading …</p>}
      {steps.map((step) => <StepView key={step.key} step={step} />)}
    </div>
  )
}

function StepView({ step }: { step: Step }) {
  switch (step.type) {
    case 'text':
      return <div data-testid="streamed"><Markdown text={step.text} /></div>
    case 'thinking':
      return <Fold kind="thinking" head="Thinking" preview={firstLine(step.text)} body={() => <div className="step-text">{step.text}</div>} />
    case 'note':
      return <p className="step-note muted">{step.text}</p>
    case 'tool':
      return <Tool step={step} />
  }
}

function Tool({ step }: { step: ToolStep }) {
  const running = step.result === null
  const preview = running && step.output ? step.output.split('\n').at(-1)! : inputPreview(step.input)
  return (
    <Fold kind={step.failed ? 'tool is-failed' : running ? 'tool is-running' : 'tool'} head={step.name} preview={preview} state={step.failed ? 'failed' : running ? 'running' : null}
      body={() => (
        <>
          {step.input && <pre className="step-pre">{step.input}</pre>}
          {step.output && <pre className="step-pre is-output">{step.output}</pre>}
          {step.result && <pre className="step-pre is-output">{step.result}</pre>}
        </>
      )} />
  )
}

/** Drawn only once it is open: a call may have printed megabytes. */
function Fold({ kind, head, preview, state = null, body }: { kind: string; head: string; preview: string; state?: string | null; body: () => ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <div className={`step is-${kind}`} data-step={kind.split(' ')[0]}>
      <button className="step-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronIcon />
        <b>{head}</b>
        <span className="step-preview muted">{preview}</span>
        {state && <span className={`step-state is-${state}`}>{state}</span>}
      </button>
      {open && <div className="step-body">{body()}</div>}
    </div>
  )
}

/** The state of a task that goes on, and the way to stop it. */
function Working({ task }: { task: TaskSummary }) {
  const now = useNow()
  const [state, setState] = useState<'idle' | 'stopping' | { error: string }>('idle')
  const { data: health } = useHealth(task.status === 'queued')
  const silence = task.status === 'queued' ? explainSilence(task, health, null, now) : null
  const stop = async () => {
    setState('stopping')
    try {
      await stopTask(task.task_id)
      setState('idle')
    } catch (error) {
      setState({ error: error instanceof ApiError ? error.message : 'It could not be stopped.' })
    }
  }
  return (
    <div className="reply-working" role="status">
      <TaskStatusBadge status={task.status} />
      {task.status !== 'queued' && <span className="muted"><Duration task={task} /></span>}
      {silence && <span className="muted">{silence}</span>}
      <TaskLink id={task.task_id} />
      <button className="button reply-stop" disabled={state === 'stopping'} onClick={() => void stop()}><StopIcon /> {state === 'stopping' ? 'Stopping …' : 'Stop'}</button>
      {typeof state === 'object' && <span className="is-error" role="alert">Not stopped: {state.error}</span>}
    </div>
  )
}

function Foot({ item, active }: { item: Extract<ThreadItem, { type: 'reply' }>; active: boolean }) {
  const { task, message, taskId } = item
  if (active && !message) return null
  const at = message?.created_at ?? task?.completed_at ?? null
  const ended = task && isFinal(task.status) ? task : null
  const tokens = ended ? ended.input_tokens + ended.output_tokens : 0
  return (
    <div className="reply-foot muted">
      {ended && ended.status !== 'completed' && <TaskStatusBadge status={ended.status} />}
      {ended?.status === 'cancelled' && ended.stop_requested_at && !ended.stop_confirmed_at && <StopNotConfirmed asked={ended.stop_requested_at} />}
      {task?.assigned_agent && <span>{task.assigned_agent}</span>}
      {ended && ended.duration_seconds !== null && <span>{formatDuration(ended.duration_seconds)}</span>}
      {ended && <span data-testid="reply-cost" title={`${ended.input_tokens.toLocaleString()} tokens in, ${ended.output_tokens.toLocaleString()} out`}>{formatCost(ended.cost_usd)}</span>}
      {tokens > 0 && <span className="hide-narrow">{formatCount(tokens)} tokens</span>}
      {at && <time dateTime={at} title={formatAbsolute(Date.parse(at))}>{formatClock(Date.parse(at)).slice(0, 5)}</time>}
      {taskId !== null && <TaskLink id={taskId} />}
      {message && <CopyButton text={message.content} />}
      {ended && (ended.status === 'failed' || ended.status === 'cancelled') && <RetryButton id={ended.task_id} />}
    </div>
  )
}

const TaskLink = ({ id }: { id: string }) => <Link to={`/tasks/${encodeURIComponent(id)}`}>Task</Link>

/** The engine has been told; until it says that it obeyed, the task may still be at work. */
function StopNotConfirmed({ asked }: { asked: string }) {
  const now = useNow()
  return <span data-testid="stop-unconfirmed">stop asked {formatSpan((now - Date.parse(asked)) / 1000)} ago, the engine has not confirmed</span>
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(() => () => void (timer.current !== null && clearTimeout(timer.current)), [])
  const copy = async () => {
    setCopied(await copyText(text))
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), 2_000)
  }
  return <button className="foot-button" onClick={() => void copy()}><CopyIcon /> {copied ? 'Copied' : 'Copy'}</button>
}

function RetryButton({ id }: { id: string }) {
  const [state, setState] = useState<'idle' | 'sending' | 'done' | { error: string }>('idle')
  const retry = async () => {
    setState('sending')
    try {
      await retryTask(id)
      setState('done')
    } catch (error) {
      setState({ error: error instanceof ApiError ? error.message : 'It could not be tried again.' })
    }
  }
  if (state === 'done') return <span>tried again below</span>
  return (
    <>
      <button className="foot-button" disabled={state === 'sending'} onClick={() => void retry()}>Retry</button>
      {typeof state === 'object' && <span className="is-error" role="alert">{state.error}</span>}
    </>
  )
}
