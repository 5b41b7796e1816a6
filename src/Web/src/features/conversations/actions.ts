import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { ApiError } from '../../api/http'
import type { Conversation } from '../../api/types'
import { notify } from '../../app/notify'
import { changeConversation } from './chatApi'
import { deleteLater } from './deletions'
import { type ConversationPages, conversationKeys } from './queries'

/** What one can do to a conversation, wherever it is shown. */
export function useConversationActions() {
  const queries = useQueryClient()
  const change = useCallback(async (id: string, what: { title?: string; is_archived?: boolean }) => {
    const show = (one: Conversation) => (one.conversation_id === id ? { ...one, ...what } : one)
    queries.setQueryData<Conversation>(conversationKeys.details(id), (before) => before && show(before))
    queries.setQueriesData<ConversationPages>({ queryKey: conversationKeys.lists }, (data) =>
      data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(show) })) })
    try {
      await changeConversation(id, what)
    } catch (error) {
      notify(error instanceof ApiError ? error.message : 'The conversation could not be changed.')
    } finally {
      // Done or not: what is shown is what the server has.
      void queries.invalidateQueries({ queryKey: conversationKeys.details(id) })
      void queries.invalidateQueries({ queryKey: conversationKeys.lists })
    }
  }, [queries])
  return useMemo(() => ({
    rename: ({ conversation_id: id }: Conversation, title: string) => change(id, { title }),
    archive: ({ conversation_id: id }: Conversation, archived: boolean) => change(id, { is_archived: archived }),
    remove: ({ conversation_id: id, title }: Conversation) => deleteLater(id, title.trim() || 'Untitled'),
  }), [change])
}
