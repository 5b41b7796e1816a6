/** An agent engine as the server knows it: HTTP to register and to report, Redis for everything live. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { DEADLINE_MS, baseUrl, redisUrl } from './environment'

export class Engine {
  private readonly redis = new Redis(redisUrl, { maxRetriesPerRequest: 3 })

  async register(title: string, agent = 'brain'): Promise<string> {
    const id = newTaskId()
    await this.http('POST', '/api/tasks', {
      task_id: id, source: 'github', source_metadata: { repository: 'acme/shop' }, input_message: title, assigned_agent: agent,
    })
    return id
  }

  /** Plain output, as anything may publish it; the task need not be known. */
  async say(id: string, output: string): Promise<void> {
    await this.redis.publish(`task:${id}:output`, output)
  }

  async status(id: string, status: string): Promise<void> {
    await this.redis.publish(`task:${id}:status`, JSON.stringify({ status, result: status === 'completed' ? { success: true } : undefined }))
  }

  async event(id: string, type: string, data: Record<string, unknown>): Promise<void> {
    await this.redis.xadd('task_events', '*', 'type', type, 'timestamp', new Date().toISOString(), 'task_id', id, 'data', JSON.stringify(data))
  }

  async report(id: string, body: Record<string, unknown>): Promise<void> {
    await this.http('PATCH', `/api/tasks/${encodeURIComponent(id)}`, body)
  }

  /** Output by HTTP, one chunk for each text. */
  async chunks(id: string, outputs: readonly string[]): Promise<void> {
    await this.http('POST', `/api/tasks/${encodeURIComponent(id)}/output`, { chunks: outputs.map((output) => ({ output })) })
  }

  /** What the dashboard tells an engine about the task, one after another. */
  async listen(id: string): Promise<{ next: () => Promise<unknown>; close: () => Promise<void> }> {
    const listener = this.redis.duplicate()
    const heard: unknown[] = []
    let wake: (() => void) | null = null
    listener.on('message', (_, message: string) => {
      heard.push(JSON.parse(message))
      wake?.()
    })
    await listener.subscribe(`task:${id}:control`)
    return {
      next: async () => {
        const deadline = AbortSignal.timeout(DEADLINE_MS)
        while (heard.length === 0) {
          await new Promise<void>((resolve, reject) => {
            wake = resolve
            deadline.onabort = () => reject(new Error('the engine was told nothing in time'))
          })
        }
        return heard.shift()
      },
      close: async () => {
        await listener.quit()
      },
    }
  }

  async log(id: string): Promise<{ offset: number; output?: string | null }[]> {
    const response = await fetch(new URL(`/api/tasks/${encodeURIComponent(id)}/log?limit=5000`, baseUrl))
    return ((await response.json()) as { entries: { offset: number; output?: string | null }[] }).entries
  }

  async close(): Promise<void> {
    await this.redis.quit()
  }

  private async http(method: string, path: string, body: unknown): Promise<void> {
    const response = await fetch(new URL(path, baseUrl), {
      method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(15_000),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
}

export const newTaskId = (): string => `task-browser-${randomUUID()}`
