import type { TaskSummary } from '../api/types'
import type { TaskStatusFrame } from '../realtime/frames'

export const aTask = (change: Partial<TaskSummary> = {}): TaskSummary => ({
  task_id: 'task-1', session_id: null, user_id: null, status: 'queued', provisional: false, assigned_agent: 'brain', agent_type: 'webhook',
  source: 'github', created_at: '2026-11-20T10:00:00Z', started_at: null, completed_at: null, last_output_at: null, cost_usd: 0,
  input_tokens: 0, output_tokens: 0, duration_seconds: null, turnaround_seconds: null, input_message: 'Fix it', conversation_id: null,
  flow_id: null, parent_task_id: null, version: 1, ...change,
})

export const aStatusFrame = (change: Partial<TaskStatusFrame> = {}): TaskStatusFrame => ({
  type: 'task_status', channel: 'tasks', offset: 1, timestamp: '2026-11-20T10:00:05Z', task_id: 'task-1', status: 'running', previous: 'queued', version: 2, ...change,
})
