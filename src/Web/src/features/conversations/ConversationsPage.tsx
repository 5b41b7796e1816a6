import { useRef } from 'react'
import { Link, Outlet, useMatch, useNavigate, useSearchParams } from 'react-router'
import { PlusIcon } from '../../app/icons'
import { useHotkeys } from '../../lib/hotkeys'
import { usePageMark } from '../../lib/pageMark'
import { ConversationList } from './ConversationList'

/** The list beside the conversation that is read; a phone shows one of them. */
export function ConversationsPage() {
  const open = useMatch('/conversations/:conversationId')
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const searchBox = useRef<HTMLInputElement>(null)
  const query = search.size > 0 ? `?${search}` : ''
  useHotkeys({
    '/': () => searchBox.current?.focus(),
    n: () => void navigate(`/conversations/new${query}`),
  })
  return (
    <div className="conversations" data-open={open !== null}>
      <section className="conversations-side" aria-label="Conversations">
        <header className="side-head">
          <h1>Conversations</h1>
          <Link className="button is-primary" to={`/conversations/new${query}`}><PlusIcon /> New</Link>
        </header>
        <ConversationList current={open?.params.conversationId ?? null} searchBox={searchBox} />
      </section>
      <div className="conversations-main">
        <Outlet />
      </div>
    </div>
  )
}

/** Beside the list, while none is open. */
export function NoConversationOpen() {
  usePageMark('Conversations', 'none')
  const [search] = useSearchParams()
  return (
    <div className="state">
      <h2>No conversation is open</h2>
      <p>Choose one from the list, or say something new to an agent.</p>
      <Link className="button" to={`/conversations/new${search.size > 0 ? `?${search}` : ''}`}>New conversation</Link>
    </div>
  )
}
