export const taskStatuses = ['queued', 'running', 'waiting_input', 'completed', 'failed', 'cancelled'] as const
export type TaskStatus = (typeof taskStatuses)[number]

export const isFinal = (status: TaskStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'

/** `in_progress` is what some producers call running. */
export function toTaskStatus(value: string): TaskStatus | null {
  if (value === 'in_progress') return 'running'
  return (taskStatuses as readonly string[]).includes(value) ? (value as TaskStatus) : null
}

export interface TaskSummary {
  task_id: string
  session_id: string | null
  user_id: string | null
  status: TaskStatus
  provisional: boolean
  assigned_agent: string | null
  agent_type: string | null
  model?: string | null
  source: string
  created_at: string
  started_at: string | null
  completed_at: string | null
  last_output_at: string | null
  cost_usd: number
  input_tokens: number
  output_tokens: number
  duration_seconds: number | null
  turnaround_seconds: number | null
  input_message: string
  conversation_id: string | null
  flow_id: string | null
  parent_task_id: string | null
  /** A person stopped it; `stop_confirmed_at`: the engine has said that nothing runs any more. */
  stop_requested_at?: string | null
  stop_confirmed_at?: string | null
  version: number
}

export const isStopUnconfirmed = (task: TaskSummary): boolean => !!task.stop_requested_at && !task.stop_confirmed_at

export interface TaskDetails extends TaskSummary {
  result: string | null
  error: string | null
  source_metadata: Record<string, unknown>
  last_offset: number
}

export interface TaskPage {
  items: TaskSummary[]
  total: number
  /** False where counting took too long: there are at least so many. */
  total_is_exact?: boolean
  page: number
  per_page: number
  pages: number
  /** Cursors of the pages after and before this one; null where there is none. */
  next?: string | null
  prev?: string | null
  /** Sums over the whole filter; null where they are not known. */
  totals?: TaskTotals | null
}

export interface TaskTotals {
  tasks: number
  cost_usd: number
  input_tokens: number
  output_tokens: number
}

/** What became of one task of a bulk request. */
export interface BulkResult {
  task_id: string
  ok: boolean
  status?: string | null
  detail?: string | null
  /** The new task, of a retry. */
  retried_as?: string | null
}

export const logKinds = ['output', 'thinking', 'tool_call', 'tool_result', 'system'] as const
export type LogKind = (typeof logKinds)[number]

export interface LogEntry {
  offset: number
  type: 'output' | 'status'
  timestamp: string
  kind?: string
  output?: string
  data?: Record<string, unknown>
  status?: string
  previous?: string
}

export interface LogPage {
  task_id: string
  entries: LogEntry[]
  last_offset: number
  has_more: boolean
  position: { channel: string; epoch: string; offset: number }
}

export interface Health {
  status: string
  queue_length: number | null
  postgres?: { status: string; since?: string | null }
  redis?: { status: string; since?: string | null }
}

export interface Agent {
  name: string
  agent_type: string
  description: string
}

export interface Conversation {
  conversation_id: string
  user_id: string
  title: string
  agent_type: string | null
  flow_id: string | null
  created_at: string
  updated_at: string
  is_archived: boolean
  message_count: number
  total_cost_usd: number
  total_tasks: number
  total_duration_seconds: number
}

export interface Message {
  message_id: string
  conversation_id: string
  role: 'user' | 'assistant' | 'system'
  content: string
  task_id: string | null
  created_at: string
}

/** What a message to an agent has created. */
export interface SentMessage {
  task_id: string
  conversation_id: string
  message_id: string
}
