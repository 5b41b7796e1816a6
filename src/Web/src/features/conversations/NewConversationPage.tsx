import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { BackIcon } from '../../app/icons'
import { usePageMark } from '../../lib/pageMark'
import { useAgents } from '../tasks/queries'
import { newMessageId } from './chatStorage'
import { sendMessage } from './chatApi'
import { Composer } from './Composer'
import { conversationKeys } from './queries'

/** What is said here begins a conversation: it, its first message and its task are made at once. */
export function NewConversationPage() {
  usePageMark('New conversation', 'none')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [search] = useSearchParams()
  const { data: agents, isPending } = useAgents()
  const [agent, setAgent] = useState('')
  const query = search.size > 0 ? `?${search}` : ''
  // The same words to the same agent are the same message, however often they are sent.
  const attempt = useRef({ id: '', text: '', agent: '' })
  const send = async (text: string) => {
    if (attempt.current.text !== text || attempt.current.agent !== agent) attempt.current = { id: newMessageId(), text, agent }
    const sent = await sendMessage(attempt.current.id, text, { agent })
    void queries.invalidateQueries({ queryKey: conversationKeys.lists })
    void navigate(`/conversations/${encodeURIComponent(sent.conversation_id)}${query}`, { replace: true })
  }
  const chosen = agents?.find((one) => one.name === agent)
  return (
    <div className="chat is-new">
      <header className="chat-head">
        <Link className="icon-button chat-back" to={`/conversations${query}`} aria-label="To the list of conversations"><BackIcon /></Link>
        <div className="chat-title"><h2>New conversation</h2></div>
      </header>
      <div className="chat-welcome">
        <h2>What is to be done?</h2>
        <label className="agent-choice">
          <span className="muted">Agent</span>
          <select className="select" value={agent} disabled={isPending} onChange={(event) => setAgent(event.target.value)}>
            <option value="">Default</option>
            {(agents ?? []).map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
          </select>
        </label>
        <p className="muted agent-what">{chosen?.description ?? 'The default agent decides who does the work.'}</p>
      </div>
      <Composer draftKey="new" label="Message" placeholder="Say something to the agent" autoFocus onSend={send} />
    </div>
  )
}
