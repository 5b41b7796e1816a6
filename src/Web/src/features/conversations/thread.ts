/** A conversation's messages and tasks, and the order in which they are read. Pure. */
import type { Message, TaskSummary } from '../../api/types'

/** Something that was written here and that the server has not confirmed. */
export interface Unsent {
  message_id: string
  content: string
  state: 'sending' | 'failed'
  error?: string
}

export type ThreadItem =
  | { type: 'message'; key: string; message: Message }
  /** What an agent says, or is about to say. `question` is what its task was asked, where no message of the conversation says so. */
  | { type: 'reply'; key: string; taskId: string | null; task: TaskSummary | undefined; message: Message | undefined; question: string | null }
  | { type: 'unsent'; key: string; unsent: Unsent }

/**
 * Puts a newly read newest page into what is known. Where the two do not meet, too much happened meanwhile: then the page
 * is all that is known, and what is older is read from it on.
 * @param during Messages that came live while the page was read, and may be newer than it.
 */
export function mergeNewest(
  known: readonly Message[], page: readonly Message[], pageHasOlder: boolean, during: ReadonlySet<string>,
): { messages: Message[]; met: boolean } {
  const inPage = new Set(page.map((message) => message.message_id))
  const fresh = known.filter((message) => during.has(message.message_id) && !inPage.has(message.message_id))
  const start = page[0] ? known.findIndex((message) => message.message_id === page[0]!.message_id) : -1
  const met = pageHasOlder && start >= 0
  return { messages: [...(met ? known.slice(0, start) : []), ...page, ...fresh], met }
}

export function prependOlder(known: readonly Message[], page: readonly Message[]): Message[] {
  const ids = new Set(known.map((message) => message.message_id))
  return [...page.filter((message) => !ids.has(message.message_id)), ...known]
}

export function addMessage(known: readonly Message[], message: Message): readonly Message[] {
  return known.some((other) => other.message_id === message.message_id) ? known : [...known, message]
}

/**
 * What is shown, from above to below. A reply stands below what it answers, also when something else was said in between,
 * so that it does not move when it is saved. A task that no message asked for (one that was tried again) stands where it was created.
 */
export function threadItems(messages: readonly Message[], tasks: ReadonlyMap<string, TaskSummary>, unsent: readonly Unsent[], complete: boolean): ThreadItem[] {
  const replies = new Map<string, Message>()
  const asked = new Set<string>()
  for (const { task_id, role, ...rest } of messages) {
    if (task_id === null) continue
    if (role === 'user') asked.add(task_id)
    if (role === 'assistant' && !replies.has(task_id)) replies.set(task_id, { task_id, role, ...rest })
  }
  const reply = (taskId: string, question: string | null = null): ThreadItem => ({
    type: 'reply', key: `reply:${taskId}`, taskId, task: tasks.get(taskId), message: replies.get(taskId), question,
  })

  const dated: { at: number; item: ThreadItem }[] = []
  for (const message of messages) {
    const at = Date.parse(message.created_at)
    const { task_id: taskId } = message
    if (message.role !== 'assistant') {
      dated.push({ at, item: { type: 'message', key: message.message_id, message } })
      if (message.role === 'user' && taskId !== null && (replies.has(taskId) || tasks.has(taskId))) dated.push({ at, item: reply(taskId) })
    } else if (taskId !== null && replies.get(taskId)?.message_id === message.message_id) {
      if (!asked.has(taskId)) dated.push({ at, item: reply(taskId) })
    } else {
      dated.push({ at, item: { type: 'reply', key: message.message_id, taskId, task: undefined, message, question: null } })
    }
  }

  const from = complete || messages.length === 0 ? 0 : Date.parse(messages[0]!.created_at)
  const lone = [...tasks.values()].filter((task) => !asked.has(task.task_id) && !replies.has(task.task_id) && Date.parse(task.created_at) >= from)
  for (const task of lone.sort((a, b) => a.created_at.localeCompare(b.created_at))) {
    const at = Date.parse(task.created_at)
    const next = dated.findIndex((other) => other.at > at)
    dated.splice(next < 0 ? dated.length : next, 0, { at, item: reply(task.task_id, task.input_message) })
  }

  const known = new Set(messages.map((message) => message.message_id))
  return [
    ...dated.map(({ item }) => item),
    ...unsent.filter(({ message_id }) => !known.has(message_id)).map((one): ThreadItem => ({ type: 'unsent', key: one.message_id, unsent: one })),
  ]
}
