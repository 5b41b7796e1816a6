import type { TaskStatus } from '../../api/types'
import type { Dot } from '../../lib/pageMark'

export const statusLabels: Record<TaskStatus, string> = {
  queued: 'Queued',
  running: 'Running',
  waiting_input: 'Waiting for input',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** For the tab's title, where there is room for one character. */
export const statusSymbols: Record<TaskStatus, string> = {
  queued: '◌',
  running: '▶',
  waiting_input: '⏸',
  completed: '✓',
  failed: '✗',
  cancelled: '⊘',
}

export const statusDots: Record<TaskStatus, Dot> = {
  queued: 'queued',
  running: 'running',
  waiting_input: 'waiting',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'none',
}
