/**
 * Deleting with a way back. Nothing is deleted on the server until the time for a change of mind is over, or the page is left:
 * so "Undo" always is true, and a browser that dies meanwhile has deleted nothing.
 */
import { useSyncExternalStore } from 'react'
import { ApiError } from '../../api/http'
import { deleteConversation } from './chatApi'

export const UNDO_MS = 8_000

export interface Deletion {
  id: string
  title: string
  /** `waiting` can be undone, `failed` was refused or did not arrive. */
  state: 'waiting' | 'sending' | 'failed'
  error: string | null
}

let deletions: readonly Deletion[] = []
/** Gone on the server; a list that was read before may still name them. */
const gone = new Set<string>()
const timers = new Map<string, ReturnType<typeof setTimeout>>()
const listeners = new Set<() => void>()

function publish(next: readonly Deletion[]): void {
  deletions = next
  for (const listener of [...listeners]) listener()
}

const change = (id: string, to: Partial<Deletion>) => publish(deletions.map((one) => (one.id === id ? { ...one, ...to } : one)))

export function deleteLater(id: string, title: string): void {
  if (deletions.some((one) => one.id === id)) return
  publish([...deletions, { id, title, state: 'waiting', error: null }])
  timers.set(id, setTimeout(() => void send(id), UNDO_MS))
}

/** Also gives up a deletion that failed. */
export function keepAfterAll(id: string): void {
  const one = deletions.find((candidate) => candidate.id === id)
  if (!one || one.state === 'sending') return
  stopTimer(id)
  publish(deletions.filter((other) => other.id !== id))
}

export async function send(id: string, keepalive = false): Promise<void> {
  const one = deletions.find((candidate) => candidate.id === id)
  if (!one || one.state === 'sending') return
  stopTimer(id)
  change(id, { state: 'sending', error: null })
  try {
    await deleteConversation(id, keepalive)
  } catch (error) {
    // Deleted already, perhaps by this very request.
    if (!(error instanceof ApiError && error.status === 404)) {
      change(id, { state: 'failed', error: error instanceof ApiError ? error.message : 'It could not be deleted.' })
      return
    }
  }
  gone.add(id)
  publish(deletions.filter((other) => other.id !== id))
}

/** The page is left: what was to be deleted is, now. */
export function flushDeletions(): void {
  for (const one of deletions) if (one.state === 'waiting') void send(one.id, true)
}

if (typeof window !== 'undefined') window.addEventListener('pagehide', flushDeletions)

function stopTimer(id: string): void {
  const timer = timers.get(id)
  if (timer !== undefined) clearTimeout(timer)
  timers.delete(id)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useDeletions = (): readonly Deletion[] => useSyncExternalStore(subscribe, () => deletions)

/** Whether the conversation is not to be shown: it is gone, or going. One that could not be deleted is shown again. */
export function isLeaving(id: string, all: readonly Deletion[]): boolean {
  return gone.has(id) || all.some((one) => one.id === id && one.state !== 'failed')
}
