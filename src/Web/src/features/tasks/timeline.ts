/** The statuses that a task went through, with when and for how long. Pure. */
import { type TaskStatus, type TaskSummary, isFinal, toTaskStatus } from '../../api/types'
import type { LogRow } from './log/logModel'

export interface TimelineStep {
  status: TaskStatus
  /** Milliseconds. */
  at: number
  /** Until the next step; null for the last one. */
  seconds: number | null
}

export interface StatusChange {
  status: TaskStatus
  at: number
  offset: number
}

/** Changes of status in what is loaded of the log. */
export function statusChanges(rows: readonly LogRow[]): StatusChange[] {
  const changes: StatusChange[] = []
  for (const row of rows) {
    if (row.type !== 'status' || (row.previous === null && row.offset > 1)) continue
    const status = toTaskStatus(row.status)
    if (status) changes.push({ status, at: Date.parse(row.time), offset: row.offset })
  }
  return changes
}

/** What the log does not say, or not yet, the task's own times do. */
export function timelineOf(task: TaskSummary, changes: readonly StatusChange[]): TimelineStep[] {
  const steps = changes.map(({ status, at }) => ({ status, at }))
  const has = (status: TaskStatus) => steps.some((step) => step.status === status)
  const add = (status: TaskStatus, time: string) => steps.push({ status, at: Date.parse(time) })
  const madeByOutput = task.started_at === task.created_at
  if (!changes.some(({ offset }) => offset === 1) && !madeByOutput && !has('queued')) add('queued', task.created_at)
  if (task.started_at !== null && !has('running')) add('running', task.started_at)
  if (isFinal(task.status) && !has(task.status)) add(task.status, task.completed_at ?? task.created_at)
  steps.sort((a, b) => a.at - b.at || rank(a.status) - rank(b.status))
  const kept = steps.filter((step, i) => i === 0 || steps[i - 1]!.status !== step.status)
  return kept.map((step, i) => ({ ...step, seconds: kept[i + 1] ? Math.max(0, (kept[i + 1]!.at - step.at) / 1000) : null }))
}

const rank = (status: TaskStatus): number => (status === 'queued' ? 0 : isFinal(status) ? 2 : 1)

/** Seconds from registration to the start; null where it has not started. */
export const queueSeconds = (task: TaskSummary): number | null =>
  task.started_at === null ? null : Math.max(0, (Date.parse(task.started_at) - Date.parse(task.created_at)) / 1000)
