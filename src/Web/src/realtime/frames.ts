/**
 * The frames of the live connection, as far as the page uses them.
 * A frame or field that is not known here is ignored, as the protocol asks.
 */
export interface Position {
  epoch: string
  offset: number
}

export interface TaskOutputFrame {
  type: 'task_output'
  channel: string
  offset: number
  timestamp: string
  task_id: string
  output: string
  kind?: string
  data?: Record<string, unknown>
}

export interface TaskStatusFrame {
  type: 'task_status'
  channel: string
  offset: number
  timestamp: string
  task_id: string
  status: string
  previous?: string
  version?: number
  conversation_id?: string
  cost_usd?: number
  input_tokens?: number
  output_tokens?: number
  duration_seconds?: number
  error?: string
  assigned_agent?: string
  source?: string
}

/** Something of a channel was not, or cannot be, delivered. Without a range its extent is unknown. */
export interface Gap {
  channel: string
  from?: number
  to?: number
  reason: string
  fill?: string
}

/** Frames of a channel, as they are handed to its subscribers. */
export type ChannelFrame =
  | TaskOutputFrame
  | TaskStatusFrame
  | { type: 'other'; name: string; channel: string; offset?: number; body: Record<string, unknown> }

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function parseFrame(data: unknown): Json | null {
  if (typeof data !== 'string') return null
  try {
    const value: unknown = JSON.parse(data)
    if (!isObject(value) || typeof value['type'] !== 'string') return null
    // A field that is null is a field that is not there.
    for (const name of Object.keys(value)) if (value[name] === null) delete value[name]
    return value
  } catch {
    return null
  }
}

export const text = (frame: Json, name: string): string | undefined =>
  typeof frame[name] === 'string' ? frame[name] : undefined

export const integer = (frame: Json, name: string): number | undefined =>
  Number.isSafeInteger(frame[name]) ? (frame[name] as number) : undefined

export function toChannelFrame(frame: Json, channel: string): ChannelFrame | null {
  const offset = integer(frame, 'offset')
  const taskId = text(frame, 'task_id')
  switch (frame['type']) {
    case 'task_output':
      if (offset === undefined || taskId === undefined || text(frame, 'output') === undefined) return null
      return frame as unknown as TaskOutputFrame
    case 'task_status':
      if (offset === undefined || taskId === undefined || text(frame, 'status') === undefined) return null
      return frame as unknown as TaskStatusFrame
    default:
      return {
        type: 'other',
        name: frame['type'] as string,
        channel,
        ...(offset === undefined ? {} : { offset }),
        body: frame,
      }
  }
}
