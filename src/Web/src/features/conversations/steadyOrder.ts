import { useCallback, useEffect, useRef, useState } from 'react'
import type { Conversation } from '../../api/types'

/**
 * The rows in an order that does not change under the pointer: while `held`, rows keep their places and what they say stays
 * fresh; those that would come in or move up are counted instead.
 */
export function useSteadyOrder(items: readonly Conversation[], held: boolean, view: unknown): { items: readonly Conversation[]; news: number; showNews: () => void } {
  const order = useRef<string[]>([])
  const seen = useRef(view)
  const [, redraw] = useState(0)
  if (!held || seen.current !== view) {
    order.current = items.map((one) => one.conversation_id)
    seen.current = view
  }
  const steady = held ? inOrder(items, order.current) : { items, news: 0 }
  // Later pages belong below, whoever points where.
  useEffect(() => {
    if (held) order.current = steady.items.map((one) => one.conversation_id)
  })
  const showNews = useCallback(() => {
    order.current = []
    redraw((n) => n + 1)
  }, [])
  return { ...steady, showNews }
}

export function inOrder(items: readonly Conversation[], order: readonly string[]): { items: Conversation[]; news: number } {
  if (order.length === 0) return { items: [...items], news: 0 }
  const byId = new Map(items.map((one) => [one.conversation_id, one]))
  const kept = order.flatMap((id) => byId.get(id) ?? [])
  const known = new Set(order)
  const lastKnown = items.findLastIndex((one) => known.has(one.conversation_id))
  const below = items.filter((one, i) => i > lastKnown && !known.has(one.conversation_id))
  // What was moved up stands before something that it stood after.
  const places = new Map(order.map((id, i) => [id, i]))
  let moved = 0
  let lowest = Infinity
  for (const one of [...items].reverse()) {
    const place = places.get(one.conversation_id)
    if (place === undefined) continue
    if (place > lowest) moved++
    else lowest = place
  }
  const added = items.filter((one, i) => i <= lastKnown && !known.has(one.conversation_id)).length
  return { items: [...kept, ...below], news: added + moved }
}
