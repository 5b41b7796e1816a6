import { type RefObject, memo, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { ArchiveIcon, FilterIcon, MessageIcon, TrashIcon } from '../../app/icons'
import type { Conversation } from '../../api/types'
import { formatCost, formatCount, plural } from '../../lib/format'
import { Ago } from '../../lib/time'
import { useDebounced } from '../../lib/useDebounced'
import { useConversationActions } from './actions'
import { type ConversationFilters, MIN_TEXT, archiveChoices, isFiltered, parseFilters, toSearch } from './conversationFilters'
import { isLeaving, useDeletions } from './deletions'
import { useConversationList, useLiveConversations } from './queries'
import { useSteadyOrder } from './steadyOrder'

const TYPING_MS = 250

export function ConversationList({ current, searchBox }: { current: string | null; searchBox: RefObject<HTMLInputElement | null> }) {
  const [search, setSearch] = useSearchParams()
  const filters = useMemo(() => parseFilters(search), [search])
  const change = useCallback(
    (changed: Partial<ConversationFilters>) => setSearch((now) => toSearch({ ...parseFilters(now), ...changed }), { replace: true }),
    [setSearch],
  )
  const { data, error, isPending, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useConversationList(filters)
  useLiveConversations(data?.pages.length ?? 1)
  const deletions = useDeletions()
  const all = useMemo(() => unique(data?.pages.flatMap((page) => page.items) ?? []), [data])
  const shown = useMemo(() => all.filter((one) => !isLeaving(one.conversation_id, deletions)), [all, deletions])
  const [held, setHeld] = useState(false)
  const { items, news, showNews } = useSteadyOrder(shown, held && !isPlaceholderData, filters)

  const list = useRef<HTMLUListElement>(null)
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!end.current || !hasNextPage || isFetchingNextPage || error) return
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && void fetchNextPage(), { rootMargin: '400px' })
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, error])

  const query = search.size > 0 ? `?${search}` : ''
  return (
    <>
      <Filters filters={filters} change={change} searchBox={searchBox} />
      <div className="side-bar" aria-live="polite">
        {news > 0 ? (
          <button className="news" data-testid="conversation-news" onClick={showNews}>{plural(news, 'change')} · Show</button>
        ) : error && data ? (
          <ErrorNotice error={error} retry={() => void refetch()} compact />
        ) : (
          <span className="muted">{filters.text.trim() !== '' && filters.text.trim().length < MIN_TEXT ? `Search takes ${MIN_TEXT} letters or more` : ''}</span>
        )}
      </div>
      {isPending ? (
        <ListSkeleton />
      ) : !data ? (
        <ErrorNotice error={error} retry={() => void refetch()} />
      ) : items.length === 0 && !hasNextPage ? (
        <Empty filtered={isFiltered(filters)} clear={() => change({ text: '', archive: '', user: '', flow: '' })} />
      ) : (
        <ul ref={list} className={isPlaceholderData ? 'conversation-list is-stale' : 'conversation-list'} aria-busy={isPlaceholderData}
          onPointerEnter={(event) => event.pointerType === 'mouse' && setHeld(true)} onPointerLeave={() => setHeld(false)}>
          {items.map((one) => <Row key={one.conversation_id} conversation={one} query={query} current={one.conversation_id === current} />)}
        </ul>
      )}
      <div ref={end} className="side-end">
        {isFetchingNextPage && <span className="muted">Loading …</span>}
        {hasNextPage && error && <button className="button" onClick={() => void fetchNextPage()}>Load more</button>}
      </div>
    </>
  )
}

/** A conversation that moved while pages were read one after another can be in two of them. */
function unique(items: readonly Conversation[]): Conversation[] {
  return [...new Map(items.map((one) => [one.conversation_id, one])).values()]
}

function Filters({ filters, change, searchBox }: {
  filters: ConversationFilters
  change: (changed: Partial<ConversationFilters>) => void
  searchBox: RefObject<HTMLInputElement | null>
}) {
  const [more, setMore] = useState(filters.user !== '' || filters.flow !== '')
  return (
    <div className="side-filters" role="search" aria-label="Filter conversations">
      <div className="side-search">
        <TypedField label="Search titles" placeholder="Search titles" value={filters.text} onChange={(text) => change({ text })} box={searchBox} />
        <button className="icon-button" aria-pressed={more} aria-expanded={more} aria-label="More filters" title="More filters" onClick={() => setMore(!more)}>
          <FilterIcon />
        </button>
      </div>
      <div className="chips" role="group" aria-label="Archive">
        {archiveChoices.map(({ value, label }) => (
          <button key={value} className="chip" aria-pressed={filters.archive === value} onClick={() => change({ archive: value })}>{label}</button>
        ))}
        {isFiltered(filters) && <button className="button is-quiet" onClick={() => change({ text: '', archive: '', user: '', flow: '' })}>Clear</button>}
      </div>
      {more && (
        <div className="side-more">
          <TypedField label="User" placeholder="User" value={filters.user} onChange={(user) => change({ user })} />
          <TypedField label="Thread" placeholder="Thread, such as github:owner/repo#42" value={filters.flow} onChange={(flow) => change({ flow })} />
        </div>
      )}
    </div>
  )
}

/** A field that takes effect once one pauses. */
function TypedField({ label, placeholder, value, onChange, box }: {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
  box?: RefObject<HTMLInputElement | null>
}) {
  const [typed, setTyped] = useState(value)
  const rested = useDebounced(typed, TYPING_MS)
  const told = useRef(value)
  useEffect(() => {
    if (rested === told.current) return
    told.current = rested
    onChange(rested)
  }, [rested, onChange])
  // The address changed in another way: back, or "Clear".
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    setTyped(value)
  }, [value])
  return (
    <input ref={box} className="input" type="search" aria-label={label} placeholder={placeholder} value={typed} maxLength={200}
      onChange={(event) => setTyped(event.target.value)} onKeyDown={(event) => event.key === 'Escape' && (typed === '' ? event.currentTarget.blur() : setTyped(''))} />
  )
}

const Row = memo(function Row({ conversation, query, current }: { conversation: Conversation; query: string; current: boolean }) {
  const { conversation_id: id, title, is_archived: archived } = conversation
  const { archive, remove } = useConversationActions()
  const navigate = useNavigate()
  const name = title.trim() || 'Untitled'
  return (
    <li className="conversation-row" data-conversation={id} data-current={current}>
      <Link className="conversation-link" to={`/conversations/${encodeURIComponent(id)}${query}`} aria-current={current ? 'page' : undefined}>
        <span className="conversation-title">{name}</span>
      </Link>
      <span className="conversation-age muted"><Ago value={conversation.updated_at} /></span>
      <span className="conversation-facts muted">
        <span className="conversation-count" title={plural(conversation.message_count, 'message')}><MessageIcon /> {formatCount(conversation.message_count)}</span>
        <span title={`${plural(conversation.total_tasks, 'run')} ended`}>{formatCost(conversation.total_cost_usd)}</span>
        {conversation.agent_type && <span>{conversation.agent_type}</span>}
        {conversation.flow_id ? <span className="conversation-flow" title={conversation.flow_id}>{conversation.flow_id}</span>
          : conversation.user_id !== 'default-user' && <span className="conversation-flow">{conversation.user_id}</span>}
        {archived && <span className="tag">archived</span>}
      </span>
      <span className="conversation-actions">
        <button className="icon-button" aria-label={`${archived ? 'Take out of the archive' : 'Archive'}: ${name}`} title={archived ? 'Take out of the archive' : 'Archive'}
          onClick={() => void archive(conversation, !archived)}><ArchiveIcon /></button>
        <button className="icon-button" aria-label={`Delete: ${name}`} title="Delete"
          onClick={() => { remove(conversation); if (current) void navigate(`/conversations${query}`) }}><TrashIcon /></button>
      </span>
    </li>
  )
})

function Empty({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  return (
    <div className="state" data-testid="no-conversations">
      <h2>{filtered ? 'None matches' : 'No conversations yet'}</h2>
      <p>{filtered ? 'Nothing was found with these filters.' : 'They begin with what you say to an agent, or with a thread at a source.'}</p>
      {filtered ? <button className="button" onClick={clear}>Clear the filters</button> : <Link className="button is-primary" to="/conversations/new">New conversation</Link>}
    </div>
  )
}

function ListSkeleton() {
  return (
    <ul className="conversation-list" aria-hidden="true" data-testid="conversation-skeleton">
      {Array.from({ length: 10 }, (_, i) => (
        <li key={i} className="conversation-row">
          <span className="conversation-title"><span className="bone" style={{ width: `${50 + ((i * 17) % 40)}%` }} /></span>
          <span className="conversation-facts"><span className="bone" style={{ width: 90 }} /></span>
        </li>
      ))}
    </ul>
  )
}
