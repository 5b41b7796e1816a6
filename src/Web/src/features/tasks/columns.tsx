import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { type TaskSummary, isStopUnconfirmed } from '../../api/types'
import { formatAbsolute, formatCost, formatCount, formatDuration, shortId, taskTitle } from '../../lib/format'
import { stored } from '../../lib/stored'
import { Ago, useNow } from '../../lib/time'
import { TaskStatusBadge } from './TaskStatusBadge'
import { runSeconds } from './liveTasks'
import type { SortKey } from './taskFilters'

export interface Column {
  id: string
  name: string
  sort?: SortKey
  /** Figures and times: to the right, and the largest first. */
  number?: boolean
  /** Cannot be left out. */
  fixed?: boolean
  cell: (task: TaskSummary) => ReactNode
}

const none = <span className="muted">–</span>
const ago = (time: string | null) => (time === null ? none : <Ago value={time} />)

export const columns: readonly Column[] = [
  { id: 'status', name: 'Status', sort: 'status', fixed: true, cell: (task) => <Status task={task} /> },
  {
    id: 'task', name: 'Task', fixed: true,
    cell: (task) => <Link className="task-link" to={`/tasks/${encodeURIComponent(task.task_id)}`}>{taskTitle(task.input_message, task.task_id)}</Link>,
  },
  { id: 'id', name: 'Id', cell: (task) => <span className="mono" title={task.task_id}>{shortId(task.task_id)}</span> },
  { id: 'agent', name: 'Agent', sort: 'agent', cell: (task) => task.assigned_agent ?? none },
  { id: 'type', name: 'Type', sort: 'agent_type', cell: (task) => task.agent_type ?? none },
  { id: 'source', name: 'Source', sort: 'source', cell: (task) => task.source },
  { id: 'model', name: 'Model', cell: (task) => task.model ?? none },
  { id: 'conversation', name: 'Conversation', cell: (task) => (task.conversation_id === null ? none : <span className="mono" title={task.conversation_id}>{shortId(task.conversation_id)}</span>) },
  { id: 'flow', name: 'Flow', cell: (task) => (task.flow_id === null ? none : <span title={task.flow_id}>{task.flow_id}</span>) },
  { id: 'user', name: 'User', cell: (task) => task.user_id ?? none },
  { id: 'created', name: 'Created', sort: 'created_at', number: true, cell: (task) => <Ago value={task.created_at} /> },
  { id: 'completed', name: 'Ended', sort: 'completed_at', number: true, cell: (task) => ago(task.completed_at) },
  { id: 'duration', name: 'Duration', sort: 'duration', number: true, cell: (task) => <Duration task={task} /> },
  { id: 'cost', name: 'Cost', sort: 'cost', number: true, cell: (task) => (task.cost_usd > 0 ? formatCost(task.cost_usd) : none) },
  { id: 'tokens', name: 'Tokens', sort: 'tokens', number: true, cell: (task) => <Tokens task={task} /> },
]

const shownAtFirst = ['agent', 'source', 'created', 'duration', 'cost', 'tokens']

/** Columns that the reader chose, beside the fixed ones. */
export const chosenColumns = stored<readonly string[]>('groote.task-columns', (found) =>
  Array.isArray(found) ? columns.filter(({ id }) => found.includes(id)).map(({ id }) => id) : shownAtFirst)

export const visibleColumns = (chosen: readonly string[]): readonly Column[] => columns.filter(({ id, fixed }) => fixed || chosen.includes(id))

function Status({ task }: { task: TaskSummary }) {
  return (
    <>
      <TaskStatusBadge status={task.status} short />
      {isStopUnconfirmed(task) && <span className="stop-mark" title="Stopped, but the engine has not confirmed it">?</span>}
    </>
  )
}

function Tokens({ task }: { task: TaskSummary }) {
  const tokens = task.input_tokens + task.output_tokens
  if (tokens === 0) return none
  return <span title={`${task.input_tokens.toLocaleString()} in, ${task.output_tokens.toLocaleString()} out`}>{formatCount(tokens)}</span>
}

export function Duration({ task }: { task: TaskSummary }) {
  const ticking = task.duration_seconds === null && task.started_at !== null && task.completed_at === null
  const now = useNow(ticking)
  const seconds = runSeconds(task, now)
  if (seconds === null) return none
  return <span title={task.started_at ? `Started ${formatAbsolute(Date.parse(task.started_at))}` : undefined}>{formatDuration(ticking ? Math.floor(seconds) : seconds)}</span>
}
