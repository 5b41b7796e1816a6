/** Views of the task list: a name and an address. Those of the reader are kept in the browser. */
import { stored } from '../../lib/stored'
import { type TaskFilters, noFilters, parseFilters, toSearch } from './taskFilters'

export interface View {
  name: string
  /** Query of the address, without place: `status=failed&when=today`. */
  search: string
}

const view = (name: string, filters: Partial<TaskFilters>): View => ({ name, search: toSearch({ ...noFilters, ...filters }).toString() })

export const builtInViews = {
  all: view('All', {}),
  running: view('Running', { status: ['running'] }),
  waiting: view('Waiting', { status: ['waiting_input'] }),
  queued: view('Queued', { status: ['queued'] }),
  failedToday: view('Failed today', { status: ['failed'], when: 'today' }),
  expensive: view('Most expensive this week', { when: '7d', sortBy: 'cost' }),
  longest: view('Longest today', { when: 'today', sortBy: 'duration' }),
} as const

export const MAX_VIEWS = 30
export const MAX_VIEW_NAME = 40

export const ownViews = stored<readonly View[]>('groote.task-views', (found) =>
  Array.isArray(found)
    ? found.flatMap((item: unknown) => {
        const { name, search } = (item ?? {}) as Partial<Record<keyof View, unknown>>
        return typeof name === 'string' && name !== '' && typeof search === 'string'
          ? [{ name: name.slice(0, MAX_VIEW_NAME), search: toSearch(parseFilters(new URLSearchParams(search))).toString() }]
          : []
      }).slice(0, MAX_VIEWS)
    : [])

/** The view of these filters, wherever in it the reader is. */
export const viewSearch = (filters: TaskFilters): string =>
  toSearch({ ...filters, after: '', before: '', perPage: noFilters.perPage, inOutput: false }).toString()

/** A view of that name takes the place of another one. */
export const withView = (views: readonly View[], added: View): readonly View[] =>
  [...views.filter(({ name }) => name !== added.name), added].slice(-MAX_VIEWS)
