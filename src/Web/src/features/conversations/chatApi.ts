import { conversationPath, sendJson, taskPath } from '../../api/http'
import type { SentMessage } from '../../api/types'
import { sessionId } from './chatStorage'

interface Answer<T> {
  data: T
}

/** Says something; sent again under the same id it is not said twice. `to`: a conversation, or the agent of a new one ('' for the default). */
export async function sendMessage(messageId: string, content: string, to: { conversation: string } | { agent: string }): Promise<SentMessage> {
  const query = new URLSearchParams({ session_id: sessionId() })
  if ('conversation' in to) query.set('conversation_id', to.conversation)
  else if (to.agent) query.set('agent_type', to.agent)
  return (await sendJson<Answer<SentMessage>>('POST', `/api/chat?${query}`, { message: content, message_id: messageId })).data
}

export interface StoppedTask {
  task_id: string
  status: string
  confirmed: boolean
}

export const stopTask = async (id: string): Promise<StoppedTask> => (await sendJson<Answer<StoppedTask>>('POST', `${taskPath(id)}/stop`)).data
export const retryTask = (id: string): Promise<unknown> => sendJson('POST', `${taskPath(id)}/retry`)
export const answerTask = (id: string, message: string): Promise<unknown> => sendJson('POST', `${taskPath(id)}/input`, { message })
export const changeConversation = (id: string, change: { title?: string; is_archived?: boolean }): Promise<unknown> =>
  sendJson('PUT', conversationPath(id), change)
export const deleteConversation = (id: string, keepalive = false): Promise<unknown> => sendJson('DELETE', conversationPath(id), undefined, { keepalive })
