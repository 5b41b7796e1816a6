/** What the palette offers for what was typed. Pure. */
import { type Conversation, type TaskSummary } from '../../api/types'
import { formatCost, taskTitle } from '../../lib/format'
import { type Place, placePath } from './recent'

export interface Entry {
  /** Unique, and the same from one keystroke to the next. */
  id: string
  group: 'Recent' | 'Pages' | 'Actions' | 'Conversations' | 'Tasks' | 'By id'
  title: string
  note?: string
  keys?: string
  /** Where it leads, or what it does. */
  run: { to: string } | { href: string } | { action: ActionName }
  place?: Place
}

export type ActionName = 'theme-light' | 'theme-dark' | 'theme-system' | 'help'

const commands: Entry[] = [
  { id: 'page:overview', group: 'Pages', title: 'Overview', note: 'cost, success, latency', keys: 'g o', run: { to: '/overview' } },
  { id: 'page:tasks', group: 'Pages', title: 'Tasks', keys: 'g t', run: { to: '/tasks' } },
  { id: 'page:conversations', group: 'Pages', title: 'Conversations', keys: 'g c', run: { to: '/conversations' } },
  { id: 'page:system', group: 'Pages', title: 'System', note: 'health, queues, connections', keys: 'g s', run: { to: '/system' } },
  { id: 'page:api', group: 'Pages', title: 'API', note: 'documentation', run: { href: '/docs' } },
  { id: 'do:new', group: 'Actions', title: 'New conversation', note: 'chat with an agent', keys: 'g n', run: { to: '/conversations/new' } },
  { id: 'do:running', group: 'Actions', title: 'Running tasks', note: 'filter', run: { to: '/tasks?status=running' } },
  { id: 'do:waiting', group: 'Actions', title: 'Tasks that wait for input', note: 'filter', run: { to: '/tasks?status=waiting_input' } },
  { id: 'do:failed', group: 'Actions', title: 'Failed tasks today', note: 'filter', run: { to: '/tasks?status=failed&when=today' } },
  { id: 'do:archived', group: 'Actions', title: 'Archived conversations', note: 'filter', run: { to: '/conversations?show=archived' } },
  { id: 'do:light', group: 'Actions', title: 'Light theme', note: 'appearance', run: { action: 'theme-light' } },
  { id: 'do:dark', group: 'Actions', title: 'Dark theme', note: 'appearance', run: { action: 'theme-dark' } },
  { id: 'do:system', group: 'Actions', title: 'Theme of the system', note: 'appearance', run: { action: 'theme-system' } },
  { id: 'do:help', group: 'Actions', title: 'Keyboard shortcuts', note: 'help', keys: '?', run: { action: 'help' } },
]

/** Every word is somewhere in it, in any order. */
export function matches(query: string, ...texts: (string | undefined)[]): boolean {
  const text = texts.join(' ').toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

export function entriesFor(query: string, found: { conversations: readonly Conversation[]; tasks: readonly TaskSummary[] }, recent: readonly Place[]): Entry[] {
  const typed = query.trim()
  const fitting = commands.filter((entry) => matches(typed, entry.title, entry.note))
  const places = recent.filter((place) => matches(typed, place.title) || place.id === typed)
  const shown = new Set(places.map((place) => placePath(place)))
  const seen = places.slice(0, typed === '' ? 5 : 3).map((place): Entry => ({
    id: `recent:${placePath(place)}`, group: 'Recent', title: place.title, note: place.kind, run: { to: placePath(place) }, place,
  }))
  const entries: Entry[] = typed === ''
    ? [...seen, ...fitting.filter((entry) => entry.group === 'Pages' || entry.id === 'do:new' || entry.id === 'do:help')]
    : [...fitting, ...seen]
  for (const one of found.conversations) {
    const place: Place = { kind: 'conversation', id: one.conversation_id, title: one.title.trim() || 'Untitled' }
    if (shown.has(placePath(place))) continue
    entries.push({ id: `conversation:${place.id}`, group: 'Conversations', title: place.title, note: formatCost(one.total_cost_usd), run: { to: placePath(place) }, place })
  }
  for (const task of found.tasks) {
    const place: Place = { kind: 'task', id: task.task_id, title: taskTitle(task.input_message, task.task_id) }
    if (shown.has(placePath(place))) continue
    entries.push({ id: `task:${place.id}`, group: 'Tasks', title: place.title, note: task.status.replace('_', ' '), run: { to: placePath(place) }, place })
  }
  // Whoever pastes an id wants that, whether or not it is found by words.
  if (/^[\w.:@#-]{6,255}$/.test(typed) && /\d/.test(typed)) {
    const kinds: Place['kind'][] = typed.startsWith('conv-') ? ['conversation'] : typed.startsWith('task-') ? ['task'] : ['task', 'conversation']
    for (const kind of kinds) {
      entries.push({ id: `id:${kind}`, group: 'By id', title: `Open the ${kind} ${typed}`, run: { to: placePath({ kind, id: typed }) } })
    }
  }
  return entries
}
