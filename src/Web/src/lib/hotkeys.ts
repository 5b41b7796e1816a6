import { useEffect, useRef } from 'react'

export type Hotkeys = Record<string, (event: KeyboardEvent) => void>

const SEQUENCE_MS = 1_000

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement
  && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !(target instanceof HTMLInputElement && target.type === 'checkbox')))

/** All that are on the page. Where two have the same key, the one that came first has it. */
const registered: { readonly current: Hotkeys }[] = []
let first = ''
let firstAt = 0

function onKeyDown(event: KeyboardEvent): void {
  // An open dialog has the keyboard to itself.
  if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]')) return
  const mod = event.ctrlKey || event.metaKey
  if (!mod && isTyping(event.target)) return
  const key = mod ? `mod+${event.key.toLowerCase()}` : event.key
  const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${key}` : ''
  // `g s` goes to a page, whatever `s` does on this one.
  const action = find(sequence) ?? find(key)
  first = key
  firstAt = event.timeStamp
  if (!action) return
  first = ''
  if (key !== 'Escape') event.preventDefault()
  action(event)
}

const find = (name: string) => registered.find((keys) => keys.current[name])?.current[name]

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
    if (registered.length === 0) document.addEventListener('keydown', onKeyDown)
    registered.push(latest)
    return () => {
      registered.splice(registered.indexOf(latest), 1)
      if (registered.length === 0) document.removeEventListener('keydown', onKeyDown)
    }
  }, [])
}
