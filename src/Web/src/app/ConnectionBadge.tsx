import { useEffect, useRef, useState } from 'react'
import { formatAbsolute, formatAge, formatSpan } from '../lib/format'
import { useNow } from '../lib/time'
import { setPollingOnly } from './pollingOnly'
import type { ConnectionState, ConnectionStatus } from '../realtime/client'
import { useConnection, useRealtime } from '../realtime/react'

const labels: Record<ConnectionStatus, string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  polling: 'Polling',
  offline: 'Offline',
}

function explain(state: ConnectionState): string {
  if (!state.wanted) return 'The live connection is switched off. The page asks for changes every 2 s instead.'
  if (state.refused) return 'The server refused the live connection. The page asks for changes every 2 s instead.'
  switch (state.status) {
    case 'live':
      return state.systemState === 'redis_away'
        ? 'Connected, but the server has lost Redis: new output may be late until it is back.'
        : 'Changes arrive as they happen.'
    case 'connecting':
      return 'The live connection is being made.'
    case 'reconnecting':
      return 'The live connection was lost and is being made again.'
    case 'polling':
      return 'No live connection, but the server answers: the page asks for changes every 2 s.'
    case 'offline':
      return 'The server cannot be reached. What you see is the last known state; the page comes back by itself.'
  }
}

export function ConnectionBadge() {
  const state = useConnection()
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const onDown = (event: MouseEvent) => !root.current?.contains(event.target as Node) && setOpen(false)
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && setOpen(false)
    document.addEventListener('mousedown', onDown)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('mousedown', onDown)
      document.removeEventListener('keydown', onKey)
    }
  }, [open])
  return (
    <div className="badge-root" ref={root}>
      <button
        className={`badge is-${state.status}`}
        data-testid="connection"
        data-status={state.status}
        aria-expanded={open}
        aria-label={`Connection: ${labels[state.status]}. Details`}
        onClick={() => setOpen(!open)}
      >
        <span className="badge-dot" aria-hidden="true" />
        {labels[state.status]}
      </button>
      <span className="visually-hidden" role="status">{`Connection: ${labels[state.status]}`}</span>
      {open && <Details state={state} />}
    </div>
  )
}

function Details({ state }: { state: ConnectionState }) {
  const client = useRealtime()
  const now = useNow()
  return (
    <div className="popover" role="dialog" aria-label="Connection details">
      <p>{explain(state)}</p>
      <dl className="facts-list">
        <div>
          <dt>{labels[state.status]} since</dt>
          <dd title={formatAbsolute(state.since)}>{formatAge(state.since, now)}</dd>
        </div>
        <div>
          <dt>Last message</dt>
          <dd>{state.lastMessageAt === null ? 'none yet' : formatAge(state.lastMessageAt, now)}</dd>
        </div>
        {state.status !== 'live' && state.wanted && (
          <div>
            <dt>Attempts</dt>
            <dd>
              {state.attempts}
              {state.nextAttemptAt !== null && `, next in ${formatSpan((state.nextAttemptAt - now) / 1000 + 1)}`}
            </dd>
          </div>
        )}
        {state.closeCode !== null && (
          <div>
            <dt>Close code</dt>
            <dd>{state.closeCode}</dd>
          </div>
        )}
        {state.clientId && (
          <div>
            <dt>Client</dt>
            <dd className="mono">{state.clientId}</dd>
          </div>
        )}
      </dl>
      {state.status !== 'live' && state.wanted && (
        <button className="button" onClick={() => client.retry()}>Try now</button>
      )}
      <label className="popover-switch">
        <input type="checkbox" checked={!state.wanted} onChange={(event) => setPollingOnly(client, event.target.checked)} />
        Only poll, for looking for faults
      </label>
    </div>
  )
}
