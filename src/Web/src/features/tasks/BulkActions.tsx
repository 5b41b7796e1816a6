import { useState } from 'react'
import { Link } from 'react-router'
import { Dialog } from '../../app/Dialog'
import { CloseIcon, CopyIcon, RetryIcon, StopIcon } from '../../app/icons'
import type { BulkResult } from '../../api/types'
import { copyText } from '../../lib/clipboard'
import { plural, shortId } from '../../lib/format'
import { type BulkAction, useBulk } from './queries'

const words: Record<BulkAction, { verb: string; done: string; warning: string }> = {
  stop: { verb: 'Stop', done: 'stopped', warning: 'What they have done so far stays. A stopped task cannot go on; it can only be done again.' },
  retry: { verb: 'Retry', done: 'started again', warning: 'Each of them becomes a new task, with new costs.' },
}

export interface Asked {
  action: BulkAction
  ids: readonly string[]
}

/** What can be done with the selected tasks, and what came of it. It lies over the list, so that nothing in it moves. */
export function BulkActions({ selected, clear, asked, ask, onDone }: {
  selected: ReadonlySet<string>
  clear: () => void
  /** An action that waits for its confirmation. */
  asked: Asked | null
  ask: (asked: Asked | null) => void
  onDone: () => void
}) {
  const { mutate, isPending, data, error, variables, reset } = useBulk(onDone)
  const [copied, setCopied] = useState(false)
  const ids = [...selected]
  const run = (wanted: Asked) => {
    ask(null)
    mutate(wanted, { onSuccess: (results) => { if (results.every(({ ok }) => ok)) clear() } })
  }
  const begin = (action: BulkAction) => ask({ action, ids })
  return (
    <>
      <div className="bulk" aria-live="polite">
        {(data || error) && variables && <Outcome {...variables} results={data ?? []} error={error} close={reset} />}
        {ids.length > 0 && (
          <div className="bulk-bar" role="toolbar" aria-label="Selected tasks">
            <b>{ids.length.toLocaleString()} selected</b>
            <button className="button" disabled={isPending} onClick={() => begin('stop')}><StopIcon /> Stop</button>
            <button className="button" disabled={isPending} onClick={() => begin('retry')}><RetryIcon /> Retry</button>
            <button className="button" onClick={() => void copyText(ids.join('\n')).then(setCopied)} onBlur={() => setCopied(false)}>
              <CopyIcon /> {copied ? 'Copied' : 'Copy ids'}
            </button>
            <button className="icon-button" aria-label="Clear the selection" title="Clear the selection (Esc)" onClick={clear}><CloseIcon /></button>
          </div>
        )}
      </div>
      {asked && (
        <Dialog label={`${words[asked.action].verb} tasks`} className="is-small" onClose={() => ask(null)}>
          <h2>{words[asked.action].verb} {asked.ids.length === 1 ? 'this task' : plural(asked.ids.length, 'task')}?</h2>
          <p className="muted">{asked.ids.length === 1 ? <span className="mono">{asked.ids[0]}</span> : words[asked.action].warning}</p>
          <div className="dialog-actions">
            <button className="button" onClick={() => ask(null)}>Leave it</button>
            <button className="button is-primary" data-autofocus onClick={() => run(asked)}>{words[asked.action].verb} {asked.ids.length === 1 ? 'it' : 'them'}</button>
          </div>
        </Dialog>
      )}
    </>
  )
}

function Outcome({ action, ids, results, error, close }: Asked & { results: readonly BulkResult[]; error: Error | null; close: () => void }) {
  const done = results.filter(({ ok }) => ok)
  const listed = results.filter(({ ok, retried_as }) => !ok || retried_as)
  return (
    <div className="bulk-outcome" data-testid="bulk-outcome">
      <div className="bulk-head">
        <b>{error ? error.message : `${done.length === ids.length ? '' : `${done.length} of `}${plural(ids.length, 'task')} ${words[action].done}`}</b>
        <button className="icon-button" aria-label="Close" onClick={close}><CloseIcon /></button>
      </div>
      {listed.length > 0 && (
        <ul>
          {listed.map(({ task_id, ok, detail, status, retried_as }) => (
            <li key={task_id} data-ok={ok}>
              <Link className="mono" to={`/tasks/${encodeURIComponent(task_id)}`}>{shortId(task_id)}</Link>
              {ok ? <>is done again as <Link className="mono" to={`/tasks/${encodeURIComponent(retried_as!)}`}>{shortId(retried_as!)}</Link></> : <span className="bulk-why">{detail ?? `is ${status ?? 'as it was'}`}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
