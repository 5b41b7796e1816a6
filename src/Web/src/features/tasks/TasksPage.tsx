import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { plural } from '../../lib/format'
import { useHotkeys } from '../../lib/hotkeys'
import { type Dot, usePageMark } from '../../lib/pageMark'
import { useStored } from '../../lib/stored'
import { type Asked, BulkActions } from './BulkActions'
import { FilterBar, withoutFilters } from './FilterBar'
import { ColumnsMenu, ExportMenu, Pager, Totals, Views } from './ListTools'
import { NoTasksYet } from './NoTasksYet'
import { OutputSearch } from './OutputSearch'
import { TaskTable, TaskTableSkeleton, taskIdAt } from './TaskTable'
import { chosenColumns, visibleColumns } from './columns'
import type { Counts } from './liveTasks'
import { useTaskCounts, useTaskPage, useUnseenFailures } from './queries'
import { type TaskFilters, isFiltered, isKnowable, parseFilters, toSearch } from './taskFilters'
import { useLiveList } from './useLiveList'
import { viewSearch } from './views'

export function TasksPage() {
  const [search, setSearch] = useSearchParams()
  const filters = useMemo(() => parseFilters(search), [search])
  const change = useCallback(
    (changed: Partial<TaskFilters>) =>
      setSearch((before) => toSearch({ ...parseFilters(before), after: '', before: '', ...changed }), { replace: !('after' in changed) }),
    [setSearch],
  )
  const searching = filters.inOutput && filters.text !== ''
  const { data, error, isPending, isPlaceholderData, refetch } = useTaskPage(filters, !searching)
  const counts = useTaskCounts()
  const [chosen] = useStored(chosenColumns)
  const shownColumns = useMemo(() => visibleColumns(chosen), [chosen])

  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const select = useCallback((ids: readonly string[], on: boolean) => {
    setSelected((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))))
  }, [])
  const clearSelection = useCallback(() => setSelected((before) => (before.size === 0 ? before : new Set())), [])
  // What is selected stays while one pages, and not beyond the view in which it was seen.
  const view = viewSearch(filters)
  useEffect(clearSelection, [view, clearSelection])

  const [held, setHeld] = useState(false)
  const { news, showNews, refresh } = useLiveList(filters, data, held || selected.size > 0)
  const [asked, ask] = useState<Asked | null>(null)
  const [exporting, setExporting] = useState(false)
  const searchBox = useRef<HTMLInputElement>(null)

  const failures = useUnseenFailures()
  usePageMark(listTitle(counts, failures), listDot(counts, failures))

  const askFor = (action: Asked['action']) => {
    const focused = taskIdAt(document.activeElement)
    const ids = selected.size > 0 ? [...selected] : focused === null ? [] : [focused]
    if (ids.length > 0) ask({ action, ids })
  }
  useHotkeys({
    '/': () => searchBox.current?.focus(),
    '[': () => data?.prev && change({ before: data.prev, after: '' }),
    ']': () => data?.next && change({ after: data.next, before: '' }),
    s: () => askFor('stop'),
    r: () => askFor('retry'),
    e: () => setExporting(true),
    Escape: () => {
      if (selected.size > 0) clearSelection()
      else if (taskIdAt(document.activeElement) !== null) (document.activeElement as HTMLElement).blur()
    },
  })

  const empty = data?.total === 0
  const filtered = isFiltered(filters)
  return (
    <div className="tasks-page">
      <div className="page-head">
        <h1>Tasks</h1>
        <Views filters={filters} counts={counts} />
        <div className="page-tools">
          <ColumnsMenu />
          <ExportMenu filters={filters} total={data?.total} open={exporting} onOpenChange={setExporting} />
        </div>
      </div>
      <FilterBar filters={filters} change={change} shown={data?.items ?? []} searchBox={searchBox}>
        {!searching && (
          <>
            <span aria-live="polite" className={isPlaceholderData ? 'muted is-stale' : 'muted'}>{data && <Totals data={data} filtered={filtered} />}</span>
            {error && data && <ErrorNotice error={error} retry={() => void refetch()} compact />}
            {news > 0 && (
              <button className="news" onClick={() => { change({}); showNews() }} data-testid="news">
                {plural(news, 'new task')}{isKnowable(filters) ? '' : ', perhaps in this view'} · Show
              </button>
            )}
          </>
        )}
      </FilterBar>
      {searching ? (
        <OutputSearch filters={filters} change={change} />
      ) : (
        <>
          {isPending ? (
            <TaskTableSkeleton rows={filters.perPage} columns={shownColumns} />
          ) : !data ? (
            <ErrorNotice error={error} retry={() => void refetch()} />
          ) : empty && !filtered ? (
            <NoTasksYet />
          ) : data.items.length === 0 ? (
            <div className="state">
              <h2>{empty ? 'No task matches' : 'Nothing more here'}</h2>
              <p>{empty ? 'Nothing was found with these filters.' : 'There are tasks, but none on this page.'}</p>
              <button className="button" onClick={() => (empty ? setSearch(toSearch(withoutFilters(filters))) : change({ after: '', before: '' }))}>
                {empty ? 'Clear the filters' : 'To the first page'}
              </button>
            </div>
          ) : (
            <TaskTable tasks={data.items} columns={shownColumns} filters={filters} onSort={change} selected={selected} onSelect={select} stale={isPlaceholderData} onHold={setHeld} />
          )}
          {data && !empty && <Pager filters={filters} data={data} change={change} />}
        </>
      )}
      <BulkActions selected={selected} clear={clearSelection} asked={asked} ask={ask} onDone={refresh} />
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
