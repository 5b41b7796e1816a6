/** The filters, the order and the place in the task list. They live in the address, so that a view can be sent to somebody. */
import { type TaskStatus, type TaskSummary, taskStatuses } from '../../api/types'

export const perPageChoices = [20, 50, 100] as const

/** Names and sort keys are those of `GET /api/tasks`. */
export const sortKeys = ['created_at', 'completed_at', 'duration', 'cost', 'tokens', 'status', 'agent', 'agent_type', 'source'] as const
export type SortKey = (typeof sortKeys)[number]

const textFields = ['agent', 'agent_type', 'source', 'session', 'conversation', 'flow_id', 'parent', 'text'] as const
const numberFields = ['cost_min', 'cost_max', 'duration_min', 'duration_max'] as const

/** What narrows the list. Empty means any; costs are US dollars, durations seconds. */
type Narrowing = Record<(typeof textFields)[number], string> & Record<(typeof numberFields)[number], number | null> & {
  status: TaskStatus[]
  /** A preset, one day of the reader's calendar (`2026-11-20`), or days from and to, of which one may be missing (`2026-11-01..`). */
  when: string
}

export interface TaskFilters extends Narrowing {
  sortBy: SortKey
  sortOrder: 'asc' | 'desc'
  /** Where the page begins or ends: cursors that the server gave. */
  after: string
  before: string
  perPage: number
  /** Looks for `text` in what tasks were asked and have put out, instead of listing tasks. */
  inOutput: boolean
}

export const anyTask: Narrowing = {
  status: [], agent: '', agent_type: '', source: '', session: '', conversation: '', flow_id: '', parent: '', text: '',
  when: '', cost_min: null, cost_max: null, duration_min: null, duration_max: null,
}

export const noFilters: TaskFilters = {
  ...anyTask, sortBy: 'created_at', sortOrder: 'desc', after: '', before: '', perPage: 20, inOutput: false,
}

export const whenPresets = [
  { value: '', label: 'Any time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: 'today', label: 'Today' },
  { value: 'yesterday', label: 'Yesterday' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
] as const

const MAX_TEXT = 255
const MAX_CURSOR = 1_000

const isDay = (value: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00`))

/** The days of a range; null where `when` is none. */
export function daysOf(when: string): { from: string; to: string } | null {
  if (isDay(when)) return { from: when, to: when }
  const [from, to, ...rest] = when.split('..')
  if (from === undefined || to === undefined || rest.length > 0 || from + to === '') return null
  return [from, to].every((day) => day === '' || isDay(day)) ? { from, to } : null
}

export const rangeOfDays = (from: string, to: string): string => (from === to ? from : `${from}..${to}`)

export function parseFilters(search: URLSearchParams): TaskFilters {
  const wanted = (search.get('status') ?? '').split(',')
  const when = search.get('when') ?? ''
  const perPage = Number(search.get('per_page'))
  const filters = { ...noFilters }
  for (const name of textFields) filters[name] = (search.get(name) ?? '').slice(0, MAX_TEXT)
  for (const name of numberFields) {
    const value = search.get(name)
    filters[name] = value !== null && /^\d{1,9}(\.\d{1,6})?$/.test(value) ? Number(value) : null
  }
  return {
    ...filters,
    status: taskStatuses.filter((status) => wanted.includes(status)),
    when: daysOf(when) || whenPresets.some((preset) => preset.value === when) ? when : '',
    sortBy: sortKeys.find((key) => key === search.get('sort_by')) ?? noFilters.sortBy,
    sortOrder: search.get('sort_order') === 'asc' ? 'asc' : 'desc',
    after: (search.get('after') ?? '').slice(0, MAX_CURSOR),
    before: (search.get('before') ?? '').slice(0, MAX_CURSOR),
    perPage: perPageChoices.find((choice) => choice === perPage) ?? noFilters.perPage,
    inOutput: search.get('in') === 'output',
  }
}

export function toSearch(filters: TaskFilters): URLSearchParams {
  const search = new URLSearchParams()
  writeNarrowing(search, filters)
  if (filters.when) search.set('when', filters.when)
  if (filters.sortBy !== noFilters.sortBy) search.set('sort_by', filters.sortBy)
  if (filters.sortOrder !== noFilters.sortOrder) search.set('sort_order', filters.sortOrder)
  if (filters.after) search.set('after', filters.after)
  if (filters.before) search.set('before', filters.before)
  if (filters.perPage !== noFilters.perPage) search.set('per_page', String(filters.perPage))
  if (filters.inOutput) search.set('in', 'output')
  return search
}

function writeNarrowing(search: URLSearchParams, filters: TaskFilters): void {
  if (filters.status.length > 0) search.set('status', filters.status.join(','))
  for (const name of textFields) if (filters[name]) search.set(name, filters[name])
  for (const name of numberFields) if (filters[name] !== null) search.set(name, String(filters[name]))
}

/** How many kinds of filter narrow the list. */
export function countFilters(filters: TaskFilters): number {
  return [
    filters.status.length > 0, filters.when !== '', ...textFields.map((name) => filters[name] !== ''),
    filters.cost_min !== null || filters.cost_max !== null, filters.duration_min !== null || filters.duration_max !== null,
  ].filter(Boolean).length
}

export const isFiltered = (filters: TaskFilters): boolean => countFilters(filters) > 0

/** Newest first, from the start: where new tasks come in at the top. */
export const isAtTop = ({ sortBy, sortOrder, after, before }: TaskFilters): boolean =>
  sortBy === 'created_at' && sortOrder === 'desc' && after === '' && before === ''

/** The reader's days and hours as moments; the end is exclusive. */
export function timeRange(when: string, now: Date): { from?: Date; to?: Date } {
  const hours = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 }[when]
  // Whole minutes, so that a page that asks again asks the same question.
  if (hours !== undefined) return { from: new Date(Math.floor((now.getTime() - hours * 3_600_000) / 60_000) * 60_000) }
  const midnight = (shift: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + shift)
  if (when === 'today') return { from: midnight(0) }
  if (when === 'yesterday') return { from: midnight(-1), to: midnight(0) }
  const days = daysOf(when)
  if (!days) return {}
  const start = (day: string, shift: number) => {
    const [year, month, date] = day.split('-').map(Number) as [number, number, number]
    return new Date(year, month - 1, date + shift)
  }
  return { ...(days.from && { from: start(days.from, 0) }), ...(days.to && { to: start(days.to, 1) }) }
}

/** The filter as the API takes it, without order and place: for exports and searches as well. */
export function filterQuery(filters: TaskFilters, now: Date): URLSearchParams {
  const query = new URLSearchParams()
  writeNarrowing(query, filters)
  const { from, to } = timeRange(filters.when, now)
  if (from) query.set('date_from', from.toISOString())
  if (to) query.set('date_to', to.toISOString())
  return query
}

export function toApiQuery(filters: TaskFilters, now: Date): string {
  const query = filterQuery(filters, now)
  if (filters.sortBy !== noFilters.sortBy || filters.sortOrder !== noFilters.sortOrder) {
    query.set('sort_by', filters.sortBy)
    query.set('sort_order', filters.sortOrder)
  }
  if (filters.after) query.set('after', filters.after)
  if (filters.before) query.set('before', filters.before)
  query.set('per_page', String(filters.perPage))
  return query.toString()
}

/** Whether a task that has just come up, or changed, belongs to this view, as far as is known of it. */
export function matches(filters: TaskFilters, task: Pick<TaskSummary, 'status'> & { assigned_agent?: string | undefined; source?: string | undefined; conversation_id?: string | null | undefined }): boolean {
  const fits = (wanted: string, value: string | null | undefined) => wanted === '' || value === undefined || value === wanted
  if (filters.status.length > 0 && !filters.status.includes(task.status)) return false
  if (!fits(filters.agent, task.assigned_agent) || !fits(filters.source, task.source) || !fits(filters.conversation, task.conversation_id)) return false
  return (timeRange(filters.when, new Date()).to ?? new Date(8.64e15)) > new Date()
}

/** Whether what a status frame says is enough to tell if a new task is in this view. */
export const isKnowable = (filters: TaskFilters): boolean =>
  (['agent_type', 'session', 'flow_id', 'parent', 'text'] as const).every((name) => filters[name] === '') && numberFields.every((name) => filters[name] === null)
