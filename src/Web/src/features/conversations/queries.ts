import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { conversationPath, getJson, getPage } from '../../api/http'
import type { Conversation } from '../../api/types'
import { useChannel, useIsLive, usePollInterval } from '../../realtime/react'
import { loadAnew, useTaskStatusBatches } from '../tasks/queries'
import { type ConversationFilters, toApiQuery } from './conversationFilters'

const PAGE = 30
/** What happens to conversations without a task (somebody archives one) has no frame. */
const UNTOLD_MS = 30_000
const REFRESH_MS = 1_000

export const conversationKeys = {
  lists: ['conversations', 'list'] as const,
  list: (filters: ConversationFilters) => ['conversations', 'list', filters] as const,
  details: (id: string) => ['conversations', 'details', id] as const,
}

export type ConversationPages = InfiniteData<{ items: Conversation[]; next: string | null }, string | null>

export function useConversationList(filters: ConversationFilters) {
  const poll = usePollInterval()
  return useInfiniteQuery({
    queryKey: conversationKeys.list(filters),
    queryFn: ({ pageParam, signal }) => getPage<Conversation>(`/api/conversations?${toApiQuery(filters, PAGE, pageParam)}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: poll || UNTOLD_MS,
  })
}

/** Keeps the lists fresh: what is said in a conversation makes a task, or is followed by a report of one. */
export function useLiveConversations(pages: number): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const last = useRef(0)
  const refresh = useCallback(() => {
    // Every page that is shown is read again: the more, the less often.
    const rest = last.current + REFRESH_MS * Math.max(1, pages) - Date.now()
    timer.current ??= setTimeout(() => {
      timer.current = null
      last.current = Date.now()
      void queries.invalidateQueries({ queryKey: conversationKeys.lists })
    }, Math.max(0, rest))
  }, [queries, pages])
  useEffect(() => () => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
  }, [])
  useTaskStatusBatches((frames) => frames.some((frame) => frame.conversation_id) && refresh(), refresh)
}

/** A conversation with its totals, kept fresh by its channel. */
export function useConversation(id: string) {
  const queries = useQueryClient()
  const live = useIsLive()
  const reload = () => loadAnew(queries, conversationKeys.details(id))
  useChannel(`conversation:${id}`, {
    onFrame: reload,
    onSubscribed: (_, recovered) => {
      if (!recovered) reload()
    },
    onGap: reload,
  })
  return useQuery({
    queryKey: conversationKeys.details(id),
    queryFn: ({ signal }) => getJson<Conversation>(`${conversationPath(id)}?include_messages=false`, signal),
    refetchInterval: live ? UNTOLD_MS : 5_000,
  })
}
