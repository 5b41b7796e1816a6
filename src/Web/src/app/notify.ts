/** Short sentences about what could not be done, where there is no better place to say so. */
import { useSyncExternalStore } from 'react'

const SHOWN_MS = 8_000
const MAX = 4

export interface Notice {
  id: number
  text: string
}

let notices: readonly Notice[] = []
let next = 1
const listeners = new Set<() => void>()

function publish(now: readonly Notice[]): void {
  notices = now
  for (const listener of [...listeners]) listener()
}

export function notify(text: string): void {
  const notice = { id: next++, text }
  publish([...notices, notice].slice(-MAX))
  setTimeout(() => dismiss(notice.id), SHOWN_MS)
}

export const dismiss = (id: number): void => publish(notices.filter((notice) => notice.id !== id))

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useNotices = (): readonly Notice[] => useSyncExternalStore(subscribe, () => notices)
