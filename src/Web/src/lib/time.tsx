import { useSyncExternalStore } from 'react'
import { formatAbsolute, formatAge } from './format'

// One clock for the page: everything that shows an age ticks together, and not at all in a hidden tab.
let now = Date.now()
let timer: ReturnType<typeof setInterval> | null = null
const listeners = new Set<() => void>()

function tick(): void {
  if (document.visibilityState === 'hidden') return
  now = Date.now()
  for (const listener of [...listeners]) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === null) {
    now = Date.now()
    timer = setInterval(tick, 1_000)
    document.addEventListener('visibilitychange', tick)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
    document.removeEventListener('visibilitychange', tick)
  }
}

const never = () => () => undefined

/** The time, every second; `active: false` stops it. */
export function useNow(active = true): number {
  return useSyncExternalStore(active ? subscribe : never, () => now)
}

/** How long ago, with the exact time in the title. */
export function Ago({ value }: { value: string }) {
  const current = useNow()
  const time = Date.parse(value)
  return (
    <time dateTime={value} title={formatAbsolute(time)}>
      {formatAge(time, current)}
    </time>
  )
}
