import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { getJson } from '../../api/http'
import { useChannel, useIsLive } from '../../realtime/react'
import { useTaskStatusBatches } from '../tasks/queries'
import { type BreakdownAnswer, type ConversationCosts, type HeatMap, type Histogram, type Latency, type Summary, breakdownOf } from './answers'
import { fromLocal } from './RangePicker'
import { type View, iso, periodOf, rangeOf } from './range'

const ROOT = 'analytics'
const TODAY = 'today'
const POLL_MS = 5_000
/** What the charts show is asked for anew at most so often; the figures of today with every frame. */
const CHARTS_MS = 3_000
const TODAY_MS = 1_000
/** A range that ends now moves on, though nothing happens. */
const MOVES_ON_MS = 60_000
const TOP_SERIES = 8
const TOP_ROWS = 10

type Query = Record<string, string | number | undefined>

export function address(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return `/api/analytics/${path}?${search}`
}

/** The range for an address that knows no zones: a day is the moment at which it begins. */
function momentsOf(view: View, now: number): { start_date: string; end_date?: string } {
  const { from, to } = rangeOf(view, now)
  const begins = from.includes('T') ? null : fromLocal(`${from}T00:00`, view.zone)
  return { start_date: begins === null ? from : iso(begins), ...(to && { end_date: to }) }
}

/** The question behind each chart, for a moment: the same for the page and for the CSV. */
export const questions = {
  histogram: (view: View, now: number) => address('costs/histogram', { ...rangeOf(view, now), zone: view.zone, period: periodOf(view), by: view.by, top: TOP_SERIES }),
  latency: (view: View, now: number) => address('latency', { ...rangeOf(view, now), zone: view.zone, period: periodOf(view) }),
  breakdown: (view: View, now: number) => view.breakdown === 'conversation'
    ? address('conversations', { ...momentsOf(view, now), order: 'cost', limit: TOP_ROWS })
    : address('breakdown', { ...rangeOf(view, now), zone: view.zone, by: view.breakdown, top: TOP_ROWS }),
  week: (view: View, now: number) => address('heatmap', { ...rangeOf(view, now), zone: view.zone }),
  range: (view: View, now: number) => address('summary', { ...rangeOf(view, now), zone: view.zone }),
}

function useAnalytics<T>(question: (view: View, now: number) => string, view: View, enabled = true) {
  const live = useIsLive()
  const moving = view.preset !== null
  // Of the view, not of the moment: the question's `now` is that of asking.
  return useQuery({
    queryKey: [ROOT, question(view, 0), view.preset, view.zone],
    queryFn: ({ signal }) => getJson<T>(question(view, Date.now()), signal),
    placeholderData: keepPreviousData,
    refetchInterval: moving ? (live ? MOVES_ON_MS : POLL_MS) : false,
    enabled,
  })
}

export const useHistogram = (view: View) => useAnalytics<Histogram>(questions.histogram, view)
export const useLatency = (view: View) => useAnalytics<Latency>(questions.latency, view)

export function useBreakdown(view: View) {
  const { data, ...query } = useAnalytics<BreakdownAnswer | ConversationCosts>(questions.breakdown, view)
  return { ...query, data: useMemo(() => data && ('conversations' in data ? breakdownOf(data) : data), [data]) }
}

export const useWeek = (view: View, enabled: boolean) => useAnalytics<HeatMap>(questions.week, view, enabled)
export const useRangeSummary = (view: View) => useAnalytics<Summary>(questions.range, view)

/** Today, and what is there now. */
export function useToday(zone: string) {
  const live = useIsLive()
  return useQuery({
    queryKey: [ROOT, TODAY, zone],
    queryFn: ({ signal }) => getJson<Summary>(address('summary', { zone }), signal),
    placeholderData: keepPreviousData,
    refetchInterval: live ? MOVES_ON_MS : POLL_MS,
  })
}

/** The last 24 hours, hour by hour, for the small courses. */
export function useLastDay(zone: string) {
  const live = useIsLive()
  return useQuery({
    queryKey: [ROOT, TODAY, zone, 'hours'],
    queryFn: ({ signal }) => getJson<Histogram>(address('costs/histogram', { period: 'hour', zone }), signal),
    placeholderData: keepPreviousData,
    refetchInterval: live ? MOVES_ON_MS : POLL_MS,
  })
}

/**
 * Keeps the page fresh. Frames of `stats` are the summary of UTC; in another zone, and for everything else, they say that there
 * is something new. A server that publishes none is followed by the reports of its tasks.
 */
export function useLiveAnalytics(zone: string, moving: boolean): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const last = useRef(0)
  useEffect(() => () => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
  }, [])
  const refreshCharts = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      last.current = Date.now()
      void queries.invalidateQueries({ queryKey: [ROOT], predicate: ({ queryKey }) => (moving ? queryKey.length !== 3 : queryKey.length === 4 && queryKey[1] === TODAY) })
    }, Math.max(0, last.current + CHARTS_MS - Date.now()))
  }, [queries, moving])
  const heard = useRef(false)
  const refreshToday = useCallback(() => void queries.invalidateQueries({ queryKey: [ROOT, TODAY, zone], exact: true }), [queries, zone])
  const refresh = useCallback(() => {
    refreshToday()
    refreshCharts()
  }, [refreshToday, refreshCharts])
  const today = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(() => () => void (today.current !== null && clearTimeout(today.current)), [])
  useTaskStatusBatches(() => {
    if (heard.current) return
    today.current ??= setTimeout(() => {
      today.current = null
      refreshToday()
    }, TODAY_MS)
    refreshCharts()
  }, refresh)
  useChannel('stats', {
    onFrame: (frame) => {
      if (frame.type !== 'other' || frame.name !== 'stats') return
      heard.current = true
      const data = frame.body['data'] as Summary | undefined
      if (zone === 'UTC' && data) queries.setQueryData([ROOT, TODAY, zone], data)
      else refreshToday()
      // The first one after subscribing too: something may have happened since the page asked.
      refreshCharts()
    },
  })
}
