import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { getJson, sendJson } from '../../api/http'
import { useChannel, useIsLive } from '../../realtime/react'
import type { Budget, BudgetTerms, Trip } from './budgets'

const ROOT = 'budgets'
const POLL_MS = 5_000
/** A forecast moves on, though nothing happens. */
const MOVES_ON_MS = 60_000
/** While tasks cost all the time, it is asked for at most so often. */
const REFRESH_MS = 2_000

const path = (id: string): string => `/api/budgets/${encodeURIComponent(id)}`

export function useBudgets() {
  const live = useIsLive()
  return useQuery({
    queryKey: [ROOT, 'list'],
    queryFn: async ({ signal }) => (await getJson<{ items: Budget[] }>('/api/budgets', signal)).items,
    placeholderData: keepPreviousData,
    refetchInterval: live ? MOVES_ON_MS : POLL_MS,
  })
}

/** The thresholds that a budget has reached, newest first. */
export function useTrips(id: string) {
  return useInfiniteQuery({
    queryKey: [ROOT, 'trips', id],
    queryFn: ({ pageParam, signal }) => getJson<{ items: Trip[]; next: number | null }>(`${path(id)}/trips?limit=20${pageParam === null ? '' : `&before=${pageParam}`}`, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
  })
}

/** Frames of `stats` say that something was spent, those of `system` that a threshold was reached. */
export function useLiveBudgets(): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const last = useRef(0)
  useEffect(() => () => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
  }, [])
  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      last.current = Date.now()
      void queries.invalidateQueries({ queryKey: [ROOT] })
    }, Math.max(0, last.current + REFRESH_MS - Date.now()))
  }, [queries])
  useChannel('stats', { onFrame: (frame) => frame.type === 'other' && frame.name === 'stats' && refresh() })
  useChannel('system', { onFrame: (frame) => frame.type === 'other' && frame.name === 'budget_trip' && refresh() })
}

export function useBudgetActions() {
  const queries = useQueryClient()
  const done = useCallback(() => queries.invalidateQueries({ queryKey: [ROOT] }), [queries])
  return {
    /** `id`: null sets a new one. */
    save: async (id: string | null, terms: BudgetTerms): Promise<void> => {
      await (id === null ? sendJson('POST', '/api/budgets', terms) : sendJson('PUT', path(id), terms))
      await done()
    },
    remove: async (id: string): Promise<void> => {
      await sendJson('DELETE', path(id))
      await done()
    },
  }
}
