/** The filters of the task list, which live in the address so that a view can be sent to somebody. */
import { type TaskStatus, type TaskSummary, taskStatuses } from '../../api/types'

export const perPageChoices = [20, 50, 100] as const

/** `when`: a preset, or one day of the reader's calendar as `YYYY-MM-DD`. */
export interface TaskFilters {
  status: TaskStatus[]
  agent: string
  when: string
  page: number
  perPage: number
}

export const noFilters: TaskFilters = { status: [], agent: '', when: '', page: 1, perPage: 20 }

export const whenPresets = [
  { value: '', label: 'Any time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: 'today', label: 'Today' },
  { value: 'yesterday', label: 'Yesterday' },
  { value: '7d', label: 'Last 7 days' },
] as const

const isDay = (value: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00`))

export function parseFilters(search: URLSearchParams): TaskFilters {
  const wanted = (search.get('status') ?? '').split(',')
  const when = search.get('when') ?? ''
  const perPage = Number(search.get('per_page'))
  const page = Number(search.get('page'))
  return {
    status: taskStatuses.filter((status) => wanted.includes(status)),
    agent: (search.get('agent') ?? '').slice(0, 255),
    when: isDay(when) || whenPresets.some((preset) => preset.value === when) ? when : '',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    perPage: perPageChoices.find((choice) => choice === perPage) ?? noFilters.perPage,
  }
}

export function toSearch(filters: TaskFilters): URLSearchParams {
  const search = new URLSearchParams()
  if (filters.status.length > 0) search.set('status', filters.status.join(','))
  if (filters.agent) search.set('agent', filters.agent)
  if (filters.when) search.set('when', filters.when)
  if (filters.page > 1) search.set('page', String(filters.page))
  if (filters.perPage !== noFilters.perPage) search.set('per_page', String(filters.perPage))
  return search
}

export const isFiltered = ({ status, agent, when }: TaskFilters): boolean => status.length > 0 || agent !== '' || when !== ''

/** The reader's days and hours as moments; the end is exclusive. */
export function timeRange(when: string, now: Date): { from?: Date; to?: Date } {
  const hours = { '1h': 1, '24h': 24, '7d': 7 * 24 }[when]
  if (hours !== undefined) return { from: new Date(now.getTime() - hours * 3_600_000) }
  const midnight = (shift: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + shift)
  if (when === 'today') return { from: midnight(0) }
  if (when === 'yesterday') return { from: midnight(-1), to: midnight(0) }
  if (!isDay(when)) return {}
  const [year, month, day] = when.split('-').map(Number) as [number, number, number]
  return { from: new Date(year, month - 1, day), to: new Date(year, month - 1, day + 1) }
}

export function toApiQuery(filters: TaskFilters, now: Date): string {
  const query = new URLSearchParams()
  if (filters.status.length > 0) query.set('status', filters.status.join(','))
  if (filters.agent) query.set('agent', filters.agent)
  const { from, to } = timeRange(filters.when, now)
  if (from) query.set('date_from', from.toISOString())
  if (to) query.set('date_to', to.toISOString())
  query.set('page', String(filters.page))
  query.set('per_page', String(filters.perPage))
  return query.toString()
}

/** Whether a task that has just come up belongs to this view, as far as is known of it. */
export function matches(filters: TaskFilters, task: Pick<TaskSummary, 'status'> & { assigned_agent?: string | undefined }): boolean {
  if (filters.status.length > 0 && !filters.status.includes(task.status)) return false
  if (filters.agent && task.assigned_agent !== undefined && task.assigned_agent !== filters.agent) return false
  const endsBeforeNow = filters.when === 'yesterday' || isDay(filters.when)
  return !endsBeforeNow || (timeRange(filters.when, new Date()).to ?? new Date(0)) > new Date()
}
