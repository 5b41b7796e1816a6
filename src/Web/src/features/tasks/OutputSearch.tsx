import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { getJson } from '../../api/http'
import { shortId, taskTitle } from '../../lib/format'
import { Ago } from '../../lib/time'
import { TaskStatusBadge } from './TaskStatusBadge'
import { type SearchHit, type SearchPage, cutAtMatches, groupHits, hitLink } from './outputSearch'
import { type TaskFilters, filterQuery } from './taskFilters'

const PER_PAGE = 50

function useOutputSearch(filters: TaskFilters) {
  return useInfiniteQuery({
    queryKey: ['tasks', 'search', { ...filters, sortBy: '', sortOrder: '', after: '', before: '', perPage: 0 }],
    queryFn: ({ pageParam, signal }) => {
      const query = filterQuery({ ...filters, text: '' }, new Date())
      query.set('q', filters.text)
      query.set('per_page', String(PER_PAGE))
      if (pageParam !== null) query.set('after', pageParam)
      return getJson<SearchPage>(`/api/tasks/search?${query}`, signal)
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
  })
}

export function OutputSearch({ filters, change }: { filters: TaskFilters; change: (changed: Partial<TaskFilters>) => void }) {
  const { data, error, isPending, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useOutputSearch(filters)
  const hits = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  // Each page by itself: what comes later does not push into what is being read.
  const groups = useMemo(() => data?.pages.flatMap((page) => groupHits(page.items)) ?? [], [data])
  const complete = data?.pages.at(-1)?.complete !== false
  const more = hasNextPage && (
    <button className="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
      {isFetchingNextPage ? 'Searching …' : complete ? 'More' : 'Search on'}
    </button>
  )
  if (isPending) return <Skeleton />
  if (!data) return <ErrorNotice error={error} retry={() => void refetch()} />
  if (hits.length === 0) {
    return (
      <div className="state">
        <h2>{complete ? 'Found nowhere' : 'Not found so far'}</h2>
        <p>
          {complete
            ? <>No input, output, result or error with these filters holds “{filters.text}”. What was put out a moment ago may not be searchable yet.</>
            : 'Time ran out before all tasks were searched. Rarer words, or fewer tasks, are found faster.'}
        </p>
        <div className="state-actions">
          {more}
          <button className="button" onClick={() => change({ inOutput: false })}>Search titles and ids instead</button>
        </div>
      </div>
    )
  }
  return (
    <section aria-label="Found" className={isPlaceholderData ? 'is-stale' : undefined}>
      <div className="list-bar">
        <span className="muted" role="status" data-testid="found">{`${hits.length.toLocaleString()}${hasNextPage ? '+' : ''} found, newest tasks first`}</span>
        {error && <ErrorNotice error={error} retry={() => void refetch()} compact />}
      </div>
      <ol className="hits">
        {groups.map((group) => <TaskHits key={`${group[0]!.task_id}.${group[0]!.in}.${group[0]!.address}`} hits={group} />)}
      </ol>
      {!complete && <p className="notice is-waiting">Time ran out: older tasks were not searched yet.</p>}
      <div className="hits-more">{more}</div>
    </section>
  )
}

const partNames: Record<SearchHit['in'], string> = { input: 'Input', output: 'Output', result: 'Result', error: 'Error' }

function TaskHits({ hits }: { hits: readonly SearchHit[] }) {
  const task = hits[0]!
  return (
    <li className="hit-task" data-hit={task.task_id}>
      <div className="hit-head">
        <TaskStatusBadge status={task.status} short />
        <Link className="hit-title" to={`/tasks/${encodeURIComponent(task.task_id)}`}>{taskTitle(task.input_message, task.task_id)}</Link>
        <span className="muted hide-narrow">{task.assigned_agent}</span>
        <span className="muted mono hide-narrow">{shortId(task.task_id)}</span>
        <span className="muted"><Ago value={task.created_at} /></span>
      </div>
      {hits.map((hit) => (
        <Link key={`${hit.in}.${hit.address}.${hit.snippet}`} className="hit mono" to={hitLink(hit)}>
          <span className="hit-place">{hit.address?.slice(1) ?? partNames[hit.in]}</span>
          <span className="hit-text">
            {cutAtMatches(hit.snippet, hit.ranges).map((piece, i) => (piece.match ? <mark key={i}>{piece.text}</mark> : piece.text))}
          </span>
        </Link>
      ))}
    </li>
  )
}

function Skeleton() {
  return (
    <div aria-hidden="true" data-testid="skeleton">
      <div className="list-bar" />
      {Array.from({ length: 8 }, (_, i) => (
        <div key={i} className="hit-task"><span className="bone" style={{ width: `${30 + ((i * 13) % 30)}%` }} /><br /><span className="bone" style={{ width: `${55 + ((i * 17) % 35)}%` }} /></div>
      ))}
    </div>
  )
}
