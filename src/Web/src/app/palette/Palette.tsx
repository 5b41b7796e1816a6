import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { getJson, getPage } from '../../api/http'
import type { Conversation, TaskPage, TaskSummary } from '../../api/types'
import { useDebounced } from '../../lib/useDebounced'
import { whenClosed } from '../Dialog'
import { SearchIcon } from '../icons'
import { setTheme } from '../theme'
import { type ActionName, type Entry, entriesFor } from './entries'
import { recentPlaces, visited } from './recent'

const TYPING_MS = 150
/** The server looks up words of three letters or more. */
const MIN_TEXT = 3
const MAX_TEXT = 200
const PER_GROUP = 6

/** Everything by its name: pages, actions, and what the server finds. A combobox in a dialog; the keyboard is enough. */
export function Palette({ open, onClose, onHelp }: { open: boolean; onClose: () => void; onHelp: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <dialog ref={dialog} className="dialog palette" aria-label="Find anything" onClose={whenClosed(onClose)} onClick={(event) => event.target === dialog.current && onClose()}>
      {open && <Search onClose={onClose} onHelp={onHelp} />}
    </dialog>
  )
}

function Search({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [text, setText] = useState('')
  const navigate = useNavigate()
  const recent = useMemo(recentPlaces, [])
  const { conversations, tasks, searching, failed } = useFound(text)
  const entries = useMemo(() => entriesFor(text, { conversations, tasks }, recent), [text, conversations, tasks, recent])
  // By its id: what the server finds later must not change what Enter does.
  const [chosen, setChosen] = useState<string | null>(null)
  const found = entries.findIndex((entry) => entry.id === chosen)
  const active = found >= 0 ? found : 0
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active, entries])

  const choose = (to: number) => setChosen(entries[Math.min(entries.length - 1, Math.max(0, to))]?.id ?? null)
  const run = (entry: Entry | undefined, elsewhere: boolean) => {
    if (!entry) return
    onClose()
    if (entry.place) visited(entry.place)
    if ('action' in entry.run) act(entry.run.action, onHelp)
    else if ('href' in entry.run || elsewhere) {
      const address = 'href' in entry.run ? entry.run.href : entry.run.to
      if (elsewhere) window.open(address, '_blank', 'noopener')
      else window.location.assign(address)
    } else void navigate(entry.run.to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const mod = event.ctrlKey || event.metaKey
    const steps: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8 }
    if (event.key === 'ArrowDown' && active === entries.length - 1) choose(0)
    else if (event.key === 'ArrowUp' && active === 0) choose(entries.length - 1)
    else if (steps[event.key] !== undefined) choose(steps[event.key]!)
    else if (event.key === 'Enter') run(entries[active], mod)
    else if (mod && event.key.toLowerCase() === 'k') onClose()
    else if (event.key === 'Escape' && text !== '') setText('')
    else return
    event.preventDefault()
  }
  return (
    <div className="palette-body">
      <div className="palette-field">
        <SearchIcon />
        <input autoFocus role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" aria-label="Find anything"
          aria-activedescendant={entries[active] ? `palette-${active}` : undefined} placeholder="Pages, actions, conversations, tasks …"
          value={text} maxLength={MAX_TEXT} spellCheck={false} autoComplete="off" onKeyDown={onKeyDown}
          onChange={(event) => { setText(event.target.value); setChosen(null) }} />
        <kbd>Esc</kbd>
      </div>
      <ul ref={list} id="palette-list" className="palette-list" role="listbox" aria-label="Found" aria-busy={searching}>
        {entries.map((entry, i) => (
          <Option key={entry.id} entry={entry} index={i} active={i === active} first={entries[i - 1]?.group !== entry.group}
            onPoint={() => setChosen(entry.id)} onRun={(elsewhere) => run(entry, elsewhere)} />
        ))}
        {entries.length === 0 && <li className="palette-none muted" role="presentation">{searching ? 'Searching …' : 'Nothing of that name'}</li>}
      </ul>
      <div className="palette-foot muted" role="status">
        {failed ? 'Tasks and conversations could not be searched.'
          : searching ? 'Searching …'
          : text.trim() !== '' && text.trim().length < MIN_TEXT ? `Tasks and conversations are searched from ${MIN_TEXT} letters on.`
          : `${entries.length} found`}
      </div>
    </div>
  )
}

function Option({ entry, index, active, first, onPoint, onRun }: {
  entry: Entry
  index: number
  active: boolean
  /** The first of its group. */
  first: boolean
  onPoint: () => void
  onRun: (elsewhere: boolean) => void
}) {
  return (
    <>
      {first && <li className="palette-group" role="presentation">{entry.group}</li>}
      {/* Moving the pointer chooses; a list that changes under a pointer at rest does not. */}
      <li id={`palette-${index}`} role="option" aria-selected={active} className="palette-option" data-entry={entry.id}
        onPointerMove={onPoint} onClick={(event) => onRun(event.ctrlKey || event.metaKey)}>
        <span className="palette-title">{entry.title}</span>
        {entry.note && <span className="palette-note muted">{entry.note}</span>}
        {entry.keys && <span className="palette-keys">{entry.keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</span>}
      </li>
    </>
  )
}

function act(action: ActionName, onHelp: () => void): void {
  switch (action) {
    case 'help':
      return onHelp()
    case 'theme-light':
      return setTheme('light')
    case 'theme-dark':
      return setTheme('dark')
    case 'theme-system':
      return setTheme('system')
  }
}

const nothing: never[] = []

/** Asked once the typing pauses; a question that is out of date is cancelled, and what was found stays until there is better. */
function useFound(text: string): { conversations: readonly Conversation[]; tasks: readonly TaskSummary[]; searching: boolean; failed: boolean } {
  const typed = text.trim()
  const asked = useDebounced(typed, TYPING_MS)
  const enabled = asked.length >= MIN_TEXT && typed.length >= MIN_TEXT
  const options = { enabled, placeholderData: keepPreviousData, retry: false, staleTime: 10_000, gcTime: 60_000 } as const
  const query = encodeURIComponent(asked)
  const conversations = useQuery({
    ...options,
    queryKey: ['palette', 'conversations', asked],
    queryFn: ({ signal }) => getPage<Conversation>(`/api/conversations?include_archived=true&limit=${PER_GROUP}&text=${query}`, signal),
  })
  const tasks = useQuery({
    ...options,
    queryKey: ['palette', 'tasks', asked],
    queryFn: ({ signal }) => getJson<TaskPage>(`/api/tasks?per_page=${PER_GROUP}&text=${query}`, signal),
  })
  return {
    conversations: enabled ? (conversations.data?.items ?? nothing) : nothing,
    tasks: enabled ? (tasks.data?.items ?? nothing) : nothing,
    searching: typed.length >= MIN_TEXT && (typed !== asked || conversations.isFetching || tasks.isFetching),
    failed: enabled && (conversations.isError || tasks.isError),
  }
}
