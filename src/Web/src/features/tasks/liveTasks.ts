/** What a `task_status` frame changes in what the page already shows. Pure. */
import { type TaskStatus, type TaskSummary, isFinal, toTaskStatus } from '../../api/types'
import type { TaskStatusFrame } from '../../realtime/frames'

export function applyStatus<T extends TaskSummary>(task: T, frame: TaskStatusFrame): T {
  const status = toTaskStatus(frame.status)
  if (!status || frame.task_id !== task.task_id) return task
  if (frame.version !== undefined && frame.version <= task.version) return task
  return {
    ...task,
    status,
    version: frame.version ?? task.version,
    started_at: task.started_at ?? (status === 'running' ? frame.timestamp : null),
    completed_at: task.completed_at ?? (isFinal(status) ? frame.timestamp : null),
    cost_usd: frame.cost_usd ?? task.cost_usd,
    input_tokens: frame.input_tokens ?? task.input_tokens,
    output_tokens: frame.output_tokens ?? task.output_tokens,
    duration_seconds: frame.duration_seconds ?? task.duration_seconds,
    conversation_id: frame.conversation_id ?? task.conversation_id,
    assigned_agent: frame.assigned_agent ?? task.assigned_agent,
    source: frame.source ?? task.source,
  }
}

export type Counts = Record<'queued' | 'running' | 'waiting_input' | 'failed_today', number>

export const countedStatuses = ['queued', 'running', 'waiting_input'] as const

/** Moves one task from its old count to its new one. */
export function applyToCounts(counts: Counts, frame: TaskStatusFrame): Counts {
  const status = toTaskStatus(frame.status)
  const previous = frame.previous === undefined ? null : toTaskStatus(frame.previous)
  // Without a previous status it is a new task (version 1), or a report that changes no status.
  if (!status || status === previous || (previous === null && (frame.version ?? 1) > 1)) return counts
  const next = { ...counts }
  const isCounted = (s: TaskStatus | null): s is (typeof countedStatuses)[number] =>
    (countedStatuses as readonly (TaskStatus | null)[]).includes(s)
  if (isCounted(previous)) next[previous] = Math.max(0, next[previous] - 1)
  if (isCounted(status)) next[status]++
  if (status === 'failed') next.failed_today++
  return next
}

/** Seconds that the task has run, or ran; null before its start. */
export function runSeconds(task: TaskSummary, now: number): number | null {
  if (task.duration_seconds !== null) return task.duration_seconds
  if (task.started_at === null) return null
  const end = task.completed_at === null ? now : Date.parse(task.completed_at)
  return isFinal(task.status) && task.completed_at === null ? null : Math.max(0, (end - Date.parse(task.started_at)) / 1000)
}
