import { memo, useRef } from 'react'
import { Link } from 'react-router'
import type { TaskSummary } from '../../api/types'
import { formatAbsolute, formatCost, formatCount, formatDuration, shortId, taskTitle } from '../../lib/format'
import { useHotkeys } from '../../lib/hotkeys'
import { Ago, useNow } from '../../lib/time'
import { TaskStatusBadge } from './TaskStatusBadge'
import { runSeconds } from './liveTasks'

const columns = ['Status', 'Task', 'Agent', 'Source', 'Created', 'Duration', 'Cost', 'Tokens']

function Head() {
  return (
    <thead>
      <tr>
        {columns.map((name, i) => <th key={name} scope="col" className={i >= 4 ? 'is-number' : undefined}>{name}</th>)}
      </tr>
    </thead>
  )
}

export function TaskTable({ tasks, stale, onHold }: {
  tasks: readonly TaskSummary[]
  stale: boolean
  /** The pointer or the focus is in the table: rows must not move. */
  onHold: (held: boolean) => void
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const step = (by: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>('a.task-link') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLAnchorElement)
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))
    links[next]?.focus()
    links[next]?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  }
  useHotkeys({ j: () => step(1), k: () => step(-1), Escape: () => body.current?.contains(document.activeElement) && (document.activeElement as HTMLElement).blur() })
  const held = useRef({ pointer: false, focus: false })
  const hold = (change: Partial<typeof held.current>) => {
    held.current = { ...held.current, ...change }
    onHold(held.current.pointer || held.current.focus)
  }
  return (
    <table className={stale ? 'tasks is-stale' : 'tasks'} aria-busy={stale}>
      <Head />
      <tbody ref={body} onPointerEnter={(event) => event.pointerType === 'mouse' && hold({ pointer: true })} onPointerLeave={() => hold({ pointer: false })}
        onFocus={() => hold({ focus: true })} onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && hold({ focus: false })}>
        {tasks.map((task) => <Row key={task.task_id} task={task} />)}
      </tbody>
    </table>
  )
}

const Row = memo(function Row({ task }: { task: TaskSummary }) {
  const tokens = task.input_tokens + task.output_tokens
  return (
    <tr data-task={task.task_id}>
      <td className="c-status"><TaskStatusBadge status={task.status} short /></td>
      <td className="c-task">
        <Link className="task-link" to={`/tasks/${encodeURIComponent(task.task_id)}`}>{taskTitle(task.input_message, task.task_id)}</Link>
        <span className="task-id mono" title={task.task_id}>{shortId(task.task_id)}</span>
      </td>
      <td className="c-agent">{task.assigned_agent ?? <span className="muted">–</span>}</td>
      <td className="c-source">{task.source}</td>
      <td className="c-created is-number"><Ago value={task.created_at} /></td>
      <td className="c-duration is-number"><Duration task={task} /></td>
      <td className="c-cost is-number">{task.cost_usd > 0 ? formatCost(task.cost_usd) : <span className="muted">–</span>}</td>
      <td className="c-tokens is-number" title={`${task.input_tokens.toLocaleString()} in, ${task.output_tokens.toLocaleString()} out`}>
        {tokens > 0 ? formatCount(tokens) : <span className="muted">–</span>}
      </td>
    </tr>
  )
})

export function Duration({ task }: { task: TaskSummary }) {
  const ticking = task.duration_seconds === null && task.started_at !== null && task.completed_at === null
  const now = useNow(ticking)
  const seconds = runSeconds(task, now)
  if (seconds === null) return <span className="muted">–</span>
  return <span title={task.started_at ? `Started ${formatAbsolute(Date.parse(task.started_at))}` : undefined}>{formatDuration(ticking ? Math.floor(seconds) : seconds)}</span>
}

export function TaskTableSkeleton({ rows }: { rows: number }) {
  return (
    <table className="tasks" aria-hidden="true" data-testid="skeleton">
      <Head />
      <tbody>
        {Array.from({ length: rows }, (_, i) => (
          <tr key={i}>
            <td className="c-status"><span className="bone" style={{ width: 84 }} /></td>
            <td className="c-task"><span className="bone" style={{ width: `${45 + ((i * 17) % 40)}%` }} /><span className="task-id"><span className="bone" style={{ width: 120 }} /></span></td>
            <td className="c-agent"><span className="bone" style={{ width: 60 }} /></td>
            <td className="c-source"><span className="bone" style={{ width: 54 }} /></td>
            <td className="c-created is-number"><span className="bone" style={{ width: 56 }} /></td>
            <td className="c-duration is-number"><span className="bone" style={{ width: 56 }} /></td>
            <td className="c-cost is-number"><span className="bone" style={{ width: 44 }} /></td>
            <td className="c-tokens is-number"><span className="bone" style={{ width: 40 }} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
