import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { type TaskPage, toTaskStatus } from '../../api/types'
import type { TaskStatusFrame } from '../../realtime/frames'
import { applyStatus } from './liveTasks'
import { loadAnew, taskKeys, useTaskStatusBatches } from './queries'
import { type TaskFilters, isAtTop, matches } from './taskFilters'

const REFRESH_MS = 1_000

/**
 * Keeps the list live without moving it under the reader's hand: rows change in place; what would add or take rows
 * waits unless the reader is at the top of the newest page and not in the table. What is new is counted meanwhile.
 */
export function useLiveList(filters: TaskFilters, data: TaskPage | undefined, held: boolean) {
  const queries = useQueryClient()
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  /** A row that is shown has left the view, or its figures may order it elsewhere. */
  const [stale, setStale] = useState(false)
  const lastRefresh = useRef(0)
  const shown = useRef(data)
  useEffect(() => {
    shown.current = data
  }, [data])

  const refresh = useCallback(() => {
    lastRefresh.current = Date.now()
    setFresh(new Set())
    setStale(false)
    loadAnew(queries, ['tasks', 'list'])
  }, [queries])

  // A new view starts with nothing held back.
  useEffect(() => {
    setFresh(new Set())
    setStale(false)
  }, [filters])

  useTaskStatusBatches(
    useCallback(
      (frames: TaskStatusFrame[]) => {
        queries.setQueryData<TaskPage>(taskKeys.list(filters), (page) => {
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
        if (frames.some((frame) => known.has(frame.task_id) && leaves(filters, frame))) setStale(true)
      },
      [queries, filters],
    ),
    refresh,
  )

  const free = isAtTop(filters) && !held
  const pending = fresh.size > 0 || stale
  useEffect(() => {
    if (!pending || !free) return
    const timer = setTimeout(() => {
      // Rows that come in above push down what is being read below.
      if (window.scrollY <= 8) refresh()
    }, Math.max(0, lastRefresh.current + REFRESH_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [pending, fresh, free, refresh])

  const showNews = useCallback(() => {
    window.scrollTo({ top: 0 })
    refresh()
  }, [refresh])
  return { news: fresh.size, showNews, refresh }
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

/** Whether the frame brings a task into the view: it is new, or its status is one of those that are shown now. */
export function comesIn(filters: TaskFilters, frame: TaskStatusFrame): boolean {
  const status = toTaskStatus(frame.status)
  if (!status || !matches(filters, { ...frame, status })) return false
  const previous = frame.previous === undefined ? null : toTaskStatus(frame.previous)
  if (previous === null) return (frame.version ?? 1) <= 1
  return filters.status.length > 0 && !filters.status.includes(previous)
}

const leaves = (filters: TaskFilters, frame: TaskStatusFrame): boolean => {
  const status = toTaskStatus(frame.status)
  return status !== null && filters.status.length > 0 && !filters.status.includes(status)
}
