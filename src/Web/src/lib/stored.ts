import { useCallback, useSyncExternalStore } from 'react'

/** A preference of the reader, kept in this browser and shared by its tabs. */
export interface Stored<T> {
  get: () => T
  set: (value: T) => void
  subscribe: (listener: () => void) => () => void
}

/** `parse` makes a usable value of whatever is found: nothing (null), what an older version wrote, or garbage. */
export function stored<T>(key: string, parse: (found: unknown) => T): Stored<T> {
  const listeners = new Set<() => void>()
  let value: T | undefined
  const read = (): unknown => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? 'null')
    } catch {
      return null // storage may be forbidden, or hold something else
    }
  }
  const tell = () => {
    for (const listener of [...listeners]) listener()
  }
  const onStorage = (event: StorageEvent) => {
    if (event.key !== key && event.key !== null) return
    value = undefined
    tell()
  }
  return {
    get: () => (value === undefined ? (value = parse(read())) : value),
    set: (next) => {
      value = next
      try {
        localStorage.setItem(key, JSON.stringify(next))
      } catch {
        // it then lasts for this visit
      }
      tell()
    },
    subscribe: (listener) => {
      if (listeners.size === 0) {
        value = undefined
        window.addEventListener('storage', onStorage)
      }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) window.removeEventListener('storage', onStorage)
      }
    },
  }
}

export function useStored<T>(store: Stored<T>): [T, (change: (before: T) => T) => void] {
  const value = useSyncExternalStore(store.subscribe, store.get)
  const change = useCallback((make: (before: T) => T) => store.set(make(store.get())), [store])
  return [value, change]
}
