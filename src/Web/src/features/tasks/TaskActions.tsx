import { useState } from 'react'
import { useNavigate } from 'react-router'
import { LinkIcon, RetryIcon, StopIcon } from '../../app/icons'
import { type TaskDetails, isFinal, isStopUnconfirmed } from '../../api/types'
import { copyText } from '../../lib/clipboard'
import { formatSpan } from '../../lib/format'
import { useNow } from '../../lib/time'
import { useRetry, useSendInput, useStop } from './queries'

export function TaskActions({ task }: { task: TaskDetails }) {
  const navigate = useNavigate()
  const stop = useStop(task.task_id)
  const retry = useRetry(task.task_id)
  const [copied, setCopied] = useState(false)
  const link = `${window.location.origin}/tasks/${encodeURIComponent(task.task_id)}`
  const error = stop.error ?? retry.error
  return (
    <div className="task-actions">
      {error && <span className="inline-error" role="alert"><span>{error.message}</span></span>}
      {isFinal(task.status) ? (
        <button className="button" disabled={retry.isPending} title="Do it again, as a new task"
          onClick={() => retry.mutate(undefined, { onSuccess: ({ task_id }) => void navigate(`/tasks/${encodeURIComponent(task_id)}`) })}>
          <RetryIcon /> {retry.isPending ? 'Retrying …' : 'Retry'}
        </button>
      ) : (
        <button className="button is-danger" disabled={stop.isPending} onClick={() => stop.mutate()}>
          <StopIcon /> {stop.isPending ? 'Stopping …' : 'Stop'}
        </button>
      )}
      <button className="button" aria-label={copied ? 'Copied' : 'Copy link'} onClick={() => void copyText(link).then(setCopied)} onBlur={() => setCopied(false)}>
        <LinkIcon /> <span className="hide-narrow">{copied ? 'Copied' : 'Copy link'}</span>
      </button>
    </div>
  )
}

/** A stop that the engine has not confirmed, and for how long. */
export function StopNotice({ task }: { task: TaskDetails }) {
  const now = useNow()
  if (!isStopUnconfirmed(task)) return null
  const seconds = Math.max(0, (now - Date.parse(task.stop_requested_at!)) / 1000)
  return (
    <p className="notice is-waiting" role="status" data-testid="stop-notice">
      Stop asked {formatSpan(seconds)} ago; the engine has not confirmed that nothing runs any more.
    </p>
  )
}

/** Answers what a task waits for. The text stays until the server has taken it. */
export function InputBox({ taskId }: { taskId: string }) {
  const [text, setText] = useState('')
  const { mutate, isPending, isSuccess, error } = useSendInput(taskId)
  const empty = text.trim() === ''
  const send = () => {
    if (!empty && !isPending) mutate(text, { onSuccess: () => setText('') })
  }
  return (
    <form className="input-box" onSubmit={(event) => { event.preventDefault(); send() }}>
      <textarea className="input" rows={2} maxLength={100_000} placeholder="Your answer" aria-label="Answer to the agent" value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          send()
        }} />
      <button className="button is-primary" disabled={empty || isPending}>{isPending ? 'Sending …' : 'Send'}</button>
      <span className={error ? 'input-said is-error' : 'input-said muted'} role="status">
        {error ? error.message : isSuccess && empty ? 'Sent. The agent has not gone on yet.' : 'Enter sends, Shift Enter begins a new line.'}
      </span>
    </form>
  )
}
