import { useEffect, useRef } from 'react'

export type Hotkeys = Record<string, (event: KeyboardEvent) => void>

const SEQUENCE_MS = 1_000

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/**
 * Keys of the page: `?`, `/`, `j`, or two in a row such as `g t`; `mod+f` is Ctrl or Command.
 * Plain keys do nothing while one types in a field.
 */
export function useHotkeys(keys: Hotkeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let first = ''
    let firstAt = 0
    const onKeyDown = (event: KeyboardEvent) => {
      // An open dialog has the keyboard to itself.
      if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]')) return
      const mod = event.ctrlKey || event.metaKey
      if (!mod && isTyping(event.target)) return
      const key = mod ? `mod+${event.key.toLowerCase()}` : event.key
      const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${key}` : ''
      const action = latest.current[sequence] ?? latest.current[key]
      first = key
      firstAt = event.timeStamp
      if (!action) return
      first = ''
      if (key !== 'Escape') event.preventDefault()
      action(event)
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}
