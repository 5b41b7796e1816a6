/** An agent engine as the server knows it: HTTP to register and to report, Redis for everything live. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
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

  async log(id: string): Promise<{ offset: number; output?: string | null; status?: string | null }[]> {
    const response = await fetch(new URL(`/api/tasks/${encodeURIComponent(id)}/log?limit=5000`, baseUrl))
    return ((await response.json()) as { entries: { offset: number; output?: string | null; status?: string | null }[] }).entries
  }

  /** What it was given to do, once it is in the queue; the queue is left as it is. */
  async queued(): Promise<{ task_id: string; prompt: string }[]> {
    return (await this.redis.lrange('agent:tasks', 0, -1)).map((item) => JSON.parse(item) as { task_id: string; prompt: string })
  }

  /** Takes the work on a task from the queue. */
  async take(id: string): Promise<void> {
    for (const item of await this.redis.lrange('agent:tasks', 0, -1)) {
      if ((JSON.parse(item) as { task_id: string }).task_id === id) await this.redis.lrem('agent:tasks', 1, item)
    }
  }

  /** What a task is told; from now on. */
  async control(id: string): Promise<{ heard: unknown[]; close: () => Promise<void> }> {
    const ears = this.redis.duplicate()
    const heard: unknown[] = []
    ears.on('message', (_, message: string) => heard.push(JSON.parse(message)))
    await ears.subscribe(`task:${id}:control`)
    return { heard, close: async () => void (await ears.quit()) }
  }

  async conversation(title: string): Promise<string> {
    return ((await this.http('POST', '/api/conversations', { title })) as { conversation_id: string }).conversation_id
  }

  async message(conversation: string, role: string, content: string, task?: string): Promise<void> {
    await this.http('POST', `/api/conversations/${conversation}/messages`, { role, content, task_id: task })
  }

  /** Somebody says something in a conversation. */
  async chat(conversation: string, message: string): Promise<string> {
    const answer = await this.http('POST', `/api/chat?session_id=browser-tests&conversation_id=${conversation}`, { message })
    return (answer as { data: { task_id: string } }).data.task_id
  }

  /** Null where there is no such conversation. */
  async messages(conversation: string): Promise<{ message_id: string; role: string; content: string; task_id: string | null }[] | null> {
    const response = await fetch(new URL(`/api/conversations/${conversation}/messages`, baseUrl))
    return response.ok ? ((await response.json()) as { message_id: string; role: string; content: string; task_id: string | null }[]) : null
  }

  /** Waits until a search finds the word: outputs are searchable some seconds after they are stored. */
  async searchable(word: string): Promise<void> {
    const found = async () => {
      const response = await fetch(new URL(`/api/tasks/search?q=${encodeURIComponent(word)}`, baseUrl), { signal: AbortSignal.timeout(DEADLINE_MS) })
      return ((await response.json()) as { items?: unknown[] }).items?.length ?? 0
    }
    await expect.poll(found, { timeout: 2 * DEADLINE_MS, interval: 200 }).toBeGreaterThan(0)
  }

  async close(): Promise<void> {
    await this.redis.quit()
  }

  private async http(method: string, path: string, body: unknown): Promise<unknown> {
    const response = await fetch(new URL(path, baseUrl), {
      method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(15_000),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}

export const newTaskId = (): string => `task-browser-${randomUUID()}`
