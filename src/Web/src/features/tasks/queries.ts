import { type QueryClient, type QueryKey, keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { getJson, sendJson, taskPath } from '../../api/http'
import type { Agent, BulkResult, Health, TaskDetails, TaskPage } from '../../api/types'
import type { TaskStatusFrame } from '../../realtime/frames'
import { useChannel, useIsLive, usePollInterval, useRealtime } from '../../realtime/react'
import { type Counts, applyToCounts, countedStatuses } from './liveTasks'
import { type TaskFilters, timeRange, toApiQuery } from './taskFilters'

export const taskKeys = {
  list: (filters: TaskFilters) => ['tasks', 'list', filters] as const,
  counts: ['tasks', 'counts'] as const,
  details: (id: string) => ['tasks', 'details', id] as const,
}

/**
 * Loads again what may have changed. An answer that is on its way was perhaps made before the change, and without data
 * to show, an invalidation alone would take that answer for its own: it is given up.
 */
export function loadAnew(queries: QueryClient, queryKey: QueryKey): void {
  void queries.cancelQueries({ queryKey }).then(() => queries.invalidateQueries({ queryKey }))
}

export function useTaskPage(filters: TaskFilters, enabled = true) {
  const refetchInterval = usePollInterval()
  return useQuery({
    queryKey: taskKeys.list(filters),
    queryFn: ({ signal }) => getJson<TaskPage>(`/api/tasks?${toApiQuery(filters, new Date())}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval,
    enabled,
  })
}

export function useTaskDetails(id: string) {
  const refetchInterval = usePollInterval()
  return useQuery({
    queryKey: taskKeys.details(id),
    queryFn: ({ signal }) => getJson<TaskDetails>(taskPath(id), signal),
    // What is unknown or failed now may be there in a moment.
    refetchInterval: (query) => refetchInterval || (query.state.error ? 5_000 : false),
  })
}

export function useAgents() {
  return useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => getJson<Agent[]>('/api/agents', signal),
    staleTime: 5 * 60_000,
  })
}

/** The newest tasks that repeat this one, or that it started. */
export function useChildren(id: string) {
  return useQuery({
    queryKey: ['tasks', 'children', id],
    queryFn: async ({ signal }) => getJson<TaskPage>(`/api/tasks?${new URLSearchParams({ parent: id, per_page: '3' })}`, signal),
    staleTime: 30_000,
  })
}

/** What is done to one task shows at once on its page; in the list it shows by the frames that follow. */
function useSteer<TAnswer, TBody = void>(id: string, send: (body: TBody) => Promise<TAnswer>) {
  const queries = useQueryClient()
  return useMutation({
    networkMode: 'always',
    mutationFn: send,
    onSettled: () => {
      loadAnew(queries, taskKeys.details(id))
      void queries.invalidateQueries({ queryKey: ['tasks', 'children', id] })
    },
  })
}

export const useStop = (id: string) => useSteer(id, () => sendJson<unknown>('POST', `${taskPath(id)}/stop`))
export const useRetry = (id: string) => useSteer(id, () => sendJson<{ task_id: string }>('POST', `${taskPath(id)}/retry`))
export const useSendInput = (id: string) => useSteer(id, (message: string) => sendJson<unknown>('POST', `${taskPath(id)}/input`, { message }))

export type BulkAction = 'stop' | 'retry'

const BULK = 100

/** Stops or retries tasks, with what became of each; the server takes a hundred at a time. */
export function useBulk(onDone: () => void) {
  return useMutation({
    networkMode: 'always',
    mutationFn: async ({ action, ids }: { action: BulkAction; ids: readonly string[] }) => {
      const results: BulkResult[] = []
      for (let from = 0; from < ids.length; from += BULK) {
        const answer = await sendJson<{ results: BulkResult[] }>('POST', `/api/tasks/${action}`, { task_ids: ids.slice(from, from + BULK) })
        results.push(...answer.results)
      }
      return results
    },
    onSettled: onDone,
  })
}

export function useHealth(enabled: boolean) {
  return useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => getJson<Health>('/api/health', signal),
    enabled,
    refetchInterval: 10_000,
  })
}

async function fetchCounts(signal: AbortSignal): Promise<Counts> {
  const total = async (query: string) => (await getJson<TaskPage>(`/api/tasks?per_page=1&${query}`, signal)).total
  const today = timeRange('today', new Date()).from!.toISOString()
  const [queued, running, waiting_input, failed_today] = await Promise.all([
    ...countedStatuses.map((status) => total(`status=${status}`)),
    total(`status=failed&date_from=${today}`),
  ])
  return { queued: queued!, running: running!, waiting_input: waiting_input!, failed_today: failed_today! }
}

const RECOUNT_MS = 60_000

/** How many tasks are in each state that asks for attention; kept by frames, recounted now and then. */
export function useTaskCounts(): Counts | undefined {
  const queries = useQueryClient()
  const client = useRealtime()
  const live = useIsLive()
  // Counted while the connection was down: what it missed is in there already, and comes once more.
  const countedAhead = useRef(false)
  const { data } = useQuery({
    queryKey: taskKeys.counts,
    queryFn: ({ signal }) => {
      countedAhead.current = client.getState().status !== 'live'
      return fetchCounts(signal)
    },
    refetchInterval: live ? RECOUNT_MS : 5_000,
    // The tab's title is read most when the tab is not.
    refetchIntervalInBackground: true,
  })
  useChannel('tasks', {
    onFrame: (frame) => {
      if (frame.type !== 'task_status') return
      queries.setQueryData<Counts>(taskKeys.counts, (counts) => counts && applyToCounts(counts, frame))
    },
    onSubscribed: (_, recovered) => {
      if (!recovered || countedAhead.current) loadAnew(queries, taskKeys.counts)
    },
    onGap: () => loadAnew(queries, taskKeys.counts),
  })
  return data
}

/** Tasks that failed since the reader last touched the page. */
export function useUnseenFailures(): number {
  const [failed, setFailed] = useState<ReadonlySet<string>>(new Set())
  useChannel('tasks', {
    onFrame: (frame) => {
      if (frame.type !== 'task_status' || frame.status !== 'failed' || frame.previous === 'failed') return
      setFailed((before) => (before.has(frame.task_id) || before.size >= 999 ? before : new Set(before).add(frame.task_id)))
    },
  })
  useEffect(() => {
    const seen = () => setFailed((before) => (before.size === 0 ? before : new Set()))
    const events = ['pointermove', 'pointerdown', 'keydown'] as const
    for (const name of events) document.addEventListener(name, seen)
    return () => {
      for (const name of events) document.removeEventListener(name, seen)
    }
  }, [])
  return failed.size
}

/** Hands on the frames of `tasks` in batches: hundreds of changes a second are still one redraw. */
export function useTaskStatusBatches(onBatch: (frames: TaskStatusFrame[]) => void, onMissed: () => void): void {
  const waiting = useRef<TaskStatusFrame[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(onBatch)
  useEffect(() => {
    latest.current = onBatch
  })
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = null
    },
    [],
  )
  const flush = useCallback(() => {
    timer.current = null
    const frames = waiting.current
    waiting.current = []
    latest.current(frames)
  }, [])
  useChannel('tasks', {
    onFrame: (frame) => {
      if (frame.type !== 'task_status') return
      waiting.current.push(frame)
      timer.current ??= setTimeout(flush, 100)
    },
    onSubscribed: (_, recovered) => {
      if (!recovered) onMissed()
    },
    onGap: onMissed,
    onReset: onMissed,
  })
}
