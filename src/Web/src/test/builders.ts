import type { Conversation, Message, TaskSummary } from '../api/types'
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

export const aMessage = (change: Partial<Message> = {}): Message => ({
  message_id: 'msg-1', conversation_id: 'conv-1', role: 'user', content: 'Hello', task_id: null, created_at: '2026-11-20T10:00:00Z', ...change,
})

export const aConversation = (change: Partial<Conversation> = {}): Conversation => ({
  conversation_id: 'conv-1', user_id: 'default-user', title: 'A talk', agent_type: null, flow_id: null, created_at: '2026-11-20T10:00:00Z',
  updated_at: '2026-11-20T10:00:00Z', is_archived: false, message_count: 0, total_cost_usd: 0, total_tasks: 0, total_duration_seconds: 0, ...change,
})
