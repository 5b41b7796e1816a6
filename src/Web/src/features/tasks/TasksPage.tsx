import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { type TaskPage as TaskPageData, type TaskStatus, taskStatuses, toTaskStatus } from '../../api/types'
import { formatDay, plural } from '../../lib/format'
import { useHotkeys } from '../../lib/hotkeys'
import { type Dot, usePageMark } from '../../lib/pageMark'
import type { TaskStatusFrame } from '../../realtime/frames'
import { NoTasksYet } from './NoTasksYet'
import { TaskTable, TaskTableSkeleton } from './TaskTable'
import { type Counts, applyStatus } from './liveTasks'
import { loadAnew, taskKeys, useAgents, useTaskCounts, useTaskPage, useTaskStatusBatches, useUnseenFailures } from './queries'
import { statusLabels } from './statusText'
import { type TaskFilters, isFiltered, matches, noFilters, parseFilters, perPageChoices, toSearch, whenPresets } from './taskFilters'

const REFRESH_MS = 1_000

export function TasksPage() {
  const [search, setSearch] = useSearchParams()
  const filters = useMemo(() => parseFilters(search), [search])
  const change = useCallback(
    (changed: Partial<TaskFilters>) => setSearch(toSearch({ ...filters, page: 1, ...changed }), { replace: !('page' in changed) }),
    [filters, setSearch],
  )
  const { data, error, isPending, isPlaceholderData, refetch } = useTaskPage(filters)
  const counts = useTaskCounts()
  const [held, setHeld] = useState(false)
  const { news, showNews } = useLiveList(filters, data, held)
  const agentBox = useRef<HTMLSelectElement>(null)

  const failures = useUnseenFailures()
  usePageMark(listTitle(counts, failures), listDot(counts, failures))

  const pages = data?.pages ?? 1
  useHotkeys({
    '/': () => agentBox.current?.focus(),
    '[': () => filters.page > 1 && change({ page: filters.page - 1 }),
    ']': () => filters.page < pages && change({ page: filters.page + 1 }),
  })

  const empty = data?.total === 0
  return (
    <div className="tasks-page">
      <div className="page-head">
        <h1>Tasks</h1>
        <div className="counts" role="group" aria-label="Tasks that need attention">
          {(['running', 'waiting_input', 'queued'] as const).map((status) => (
            <button key={status} className={`count is-${status}`} aria-pressed={filters.status.length === 1 && filters.status[0] === status}
              onClick={() => change({ status: filters.status.length === 1 && filters.status[0] === status ? [] : [status] })}>
              <b>{counts ? counts[status].toLocaleString() : '–'}</b> {status === 'waiting_input' ? 'waiting' : status}
            </button>
          ))}
          <button className="count is-failed" aria-pressed={filters.status.join() === 'failed' && filters.when === 'today'}
            onClick={() => change(filters.status.join() === 'failed' && filters.when === 'today' ? { status: [], when: '' } : { status: ['failed'], when: 'today' })}>
            <b>{counts ? counts.failed_today.toLocaleString() : '–'}</b> failed today
          </button>
        </div>
      </div>
      <FilterBar filters={filters} change={change} agentBox={agentBox} />
      <div className="list-bar">
        <span aria-live="polite" className="muted">
          {data ? (
            <span className={isPlaceholderData ? 'is-stale' : undefined} data-testid="total">
              {plural(data.total, 'task')}
              {isFiltered(filters) && ' match'}
            </span>
          ) : (
            ' '
          )}
        </span>
        {error && data && <ErrorNotice error={error} retry={() => void refetch()} compact />}
        {news > 0 && (
          <button className="news" onClick={() => { showNews(); if (filters.page > 1) change({ page: 1 }) }} data-testid="news">
            {plural(news, 'new task')} · Show
          </button>
        )}
      </div>
      {isPending ? (
        <TaskTableSkeleton rows={filters.perPage} />
      ) : !data ? (
        <ErrorNotice error={error} retry={() => void refetch()} />
      ) : empty && !isFiltered(filters) ? (
        <NoTasksYet />
      ) : empty || data.items.length === 0 ? (
        <div className="state">
          <h2>{empty ? 'No task matches' : 'This page is empty'}</h2>
          <p>{empty ? 'Nothing was found with these filters.' : `There are only ${plural(data.pages, 'page')}.`}</p>
          <button className="button" onClick={() => setSearch(toSearch(empty ? { ...noFilters, perPage: filters.perPage } : { ...filters, page: 1 }))}>
            {empty ? 'Clear the filters' : 'To the first page'}
          </button>
        </div>
      ) : (
        <TaskTable tasks={data.items} stale={isPlaceholderData} onHold={setHeld} />
      )}
      {data && !empty && <Pager filters={filters} data={data} change={change} />}
    </div>
  )
}

/** `✗1 ⏸2 (3) Tasks`: one failed unseen, two wait for an answer, three are at work. */
export function listTitle(counts: Counts | undefined, failures: number): string {
  const waiting = counts?.waiting_input ?? 0
  const active = (counts?.running ?? 0) + waiting
  return [failures > 0 && `✗${failures}`, waiting > 0 && `⏸${waiting}`, active > 0 && `(${active})`, 'Tasks'].filter(Boolean).join(' ')
}

export function listDot(counts: Counts | undefined, failures: number): Dot {
  if (failures > 0) return 'failed'
  if (!counts) return 'none'
  return counts.waiting_input > 0 ? 'waiting' : counts.running > 0 ? 'running' : 'none'
}

/**
 * Keeps the list live without moving it under the reader's hand: rows change in place; what would add rows
 * waits behind "n new tasks" unless the reader is at the top of page 1 and not in the table.
 */
function useLiveList(filters: TaskFilters, data: TaskPageData | undefined, held: boolean) {
  const queries = useQueryClient()
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const lastRefresh = useRef(0)
  const shown = useRef(data)
  useEffect(() => {
    shown.current = data
  }, [data])

  const refresh = useCallback(() => {
    lastRefresh.current = Date.now()
    setFresh(new Set())
    loadAnew(queries, ['tasks', 'list'])
  }, [queries])

  // A new view starts with nothing held back.
  useEffect(() => setFresh(new Set()), [filters])

  useTaskStatusBatches(
    useCallback(
      (frames: TaskStatusFrame[]) => {
        queries.setQueryData<TaskPageData>(taskKeys.list(filters), (page) => {
          if (!page) return page
          const byTask = groupByTask(frames)
          let changed = false
          const items = page.items.map((task) => {
            const next = (byTask.get(task.task_id) ?? []).reduce(applyStatus, task)
            changed ||= next !== task
            return next
          })
          return changed ? { ...page, items } : page
        })
        const known = new Set(shown.current?.items.map((task) => task.task_id))
        const added = frames.filter((frame) => !known.has(frame.task_id) && comesIn(filters, frame)).map((frame) => frame.task_id)
        if (added.length > 0) setFresh((before) => new Set([...before, ...added].slice(0, 1_000)))
      },
      [queries, filters],
    ),
    refresh,
  )

  const atTop = filters.page === 1 && !held
  useEffect(() => {
    if (fresh.size === 0 || !atTop) return
    const timer = setTimeout(() => {
      // Rows that come in above push down what is being read below.
      if (window.scrollY <= 8) refresh()
    }, Math.max(0, lastRefresh.current + REFRESH_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [fresh, atTop, refresh])

  const showNews = useCallback(() => {
    window.scrollTo({ top: 0 })
    refresh()
  }, [refresh])
  return { news: fresh.size, showNews }
}

function groupByTask(frames: readonly TaskStatusFrame[]): Map<string, TaskStatusFrame[]> {
  const groups = new Map<string, TaskStatusFrame[]>()
  for (const frame of frames) {
    const group = groups.get(frame.task_id)
    if (group) group.push(frame)
    else groups.set(frame.task_id, [frame])
  }
  return groups
}

/** The frame brings a task into this view that was not there before it. */
export function comesIn(filters: TaskFilters, frame: TaskStatusFrame): boolean {
  const status = toTaskStatus(frame.status)
  if (!status || !matches(filters, { status, assigned_agent: frame.assigned_agent })) return false
  const previous = frame.previous === undefined ? null : toTaskStatus(frame.previous)
  if (previous === null) return (frame.version ?? 1) <= 1
  return filters.status.length > 0 && !filters.status.includes(previous)
}

function FilterBar({ filters, change, agentBox }: {
  filters: TaskFilters
  change: (changed: Partial<TaskFilters>) => void
  agentBox: React.RefObject<HTMLSelectElement | null>
}) {
  const { data: agents } = useAgents()
  const names = [...new Set([...(agents ?? []).map((agent) => agent.name), ...(filters.agent ? [filters.agent] : [])])].sort()
  const isDay = /^\d{4}-/.test(filters.when)
  const toggle = (status: TaskStatus) =>
    change({ status: taskStatuses.filter((s) => (s === status) !== filters.status.includes(s)) })
  return (
    <div className="filters" role="search" aria-label="Filter tasks">
      <div className="chips" role="group" aria-label="Status">
        {taskStatuses.map((status) => (
          <button key={status} className="chip" aria-pressed={filters.status.includes(status)} onClick={() => toggle(status)}>
            <span className={`chip-dot is-${status}`} aria-hidden="true" />
            {status === 'waiting_input' ? 'Waiting' : statusLabels[status]}
          </button>
        ))}
      </div>
      <div className="filter-fields">
        <select ref={agentBox} className="select" aria-label="Agent" value={filters.agent} onChange={(event) => change({ agent: event.target.value })}>
          <option value="">All agents</option>
          {names.map((name) => <option key={name}>{name}</option>)}
        </select>
        <select className="select" aria-label="Time" value={isDay ? 'day' : filters.when}
          onChange={(event) => change({ when: event.target.value === 'day' ? localDay(new Date()) : event.target.value })}>
          {whenPresets.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
          <option value="day">{isDay ? formatDay(Date.parse(`${filters.when}T00:00`)) : 'A day…'}</option>
        </select>
        {isDay && (
          <input className="select" type="date" aria-label="Day" value={filters.when} max={localDay(new Date())}
            onChange={(event) => change({ when: event.target.value })} />
        )}
        {isFiltered(filters) && (
          <button className="button is-quiet" onClick={() => change({ status: [], agent: '', when: '' })}>Clear</button>
        )}
      </div>
    </div>
  )
}

const localDay = (date: Date): string =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`

function Pager({ filters, data, change }: {
  filters: TaskFilters
  data: TaskPageData
  change: (changed: Partial<TaskFilters>) => void
}) {
  const first = (filters.page - 1) * filters.perPage + 1
  const last = Math.min(data.total, first + data.items.length - 1)
  return (
    <nav className="pager" aria-label="Pages">
      <span className="muted">
        {first <= last ? `${first.toLocaleString()}–${last.toLocaleString()} of ${data.total.toLocaleString()}` : ''}
      </span>
      <label className="pager-size">
        <span className="muted">Rows</span>
        <select className="select" value={filters.perPage} onChange={(event) => change({ perPage: Number(event.target.value) })}>
          {perPageChoices.map((n) => <option key={n}>{n}</option>)}
        </select>
      </label>
      <div className="pager-buttons">
        <button className="button" disabled={filters.page <= 1} onClick={() => change({ page: filters.page - 1 })}>Previous</button>
        <button className="button" disabled={filters.page >= data.pages} onClick={() => change({ page: filters.page + 1 })}>Next</button>
      </div>
    </nav>
  )
}
