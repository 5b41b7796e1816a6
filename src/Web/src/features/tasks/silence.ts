/** Why nothing is to be seen of a task, as far as the page can know. Pure. */
import type { Health, TaskSummary } from '../../api/types'
import { formatSpan, plural } from '../../lib/format'

export const SILENT_AFTER_SECONDS = 30
const QUEUE_GRACE_SECONDS = 10

export interface Activity {
  /** When the last entry of the log was made. */
  time: number
  kind: string
  /** The tool, for calls and results. */
  name: string | null
}

export function explainSilence(task: TaskSummary, health: Health | undefined, last: Activity | null, now: number): string | null {
  const redisDown = health?.redis?.status === 'down'
  switch (task.status) {
    case 'queued': {
      const seconds = (now - Date.parse(task.created_at)) / 1000
      const waited = `Queued for ${formatSpan(seconds)}.`
      if (redisDown) return `${waited} Redis is down, so no engine can take it.`
      if (!health || health.queue_length === null) return waited
      if (health.queue_length > 0) {
        return `${waited} ${plural(health.queue_length, 'task waits', 'tasks wait')} in the agent queue.`
      }
      if (seconds < QUEUE_GRACE_SECONDS) return waited
      return `${waited} It is not in the queue: an engine took it and has not reported, or it was never queued.`
    }
    case 'waiting_input': {
      const since = last === null ? '' : ` for ${formatSpan((now - last.time) / 1000)}`
      return `The agent has been waiting for an answer${since}.`
    }
    case 'running': {
      const began = Date.parse(task.started_at ?? task.created_at)
      const seconds = (now - (last?.time ?? began)) / 1000
      if (redisDown) return `Redis is down: new output cannot arrive. The last came ${formatSpan(seconds)} ago.`
      if (seconds < SILENT_AFTER_SECONDS) return null
      if (last === null) return `Running for ${formatSpan(seconds)} without any output yet.`
      return `No output for ${formatSpan(seconds)}; last was ${describe(last)}.`
    }
    default:
      return null
  }
}

function describe({ kind, name }: Activity): string {
  switch (kind) {
    case 'tool_call': return name ? `a call of ${name}` : 'a tool call'
    case 'tool_result': return name ? `a result of ${name}` : 'a tool result'
    case 'thinking': return 'thinking'
    case 'status': return 'a change of status'
    case 'system': return 'a note of the system'
    default: return 'output'
  }
}
