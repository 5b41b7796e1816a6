import { type ReactNode, useEffect, useRef, useState } from 'react'

/**
 * A button and what it opens below itself. It closes with Escape (the focus goes back to the button), with a press elsewhere, and when the focus
 * leaves it. `children` may be a function that gets `close`.
 */
export function Popover({ label, button, className = 'button', align = 'start', disabled = false, open: wanted, onOpenChange, children }: {
  label: string
  button: ReactNode
  className?: string
  align?: 'start' | 'end'
  disabled?: boolean
  /** Where somebody else opens and closes it, such as a key. */
  open?: boolean
  onOpenChange?: (open: boolean) => void
  children: ReactNode | ((close: () => void) => ReactNode)
}) {
  const [own, setOwn] = useState(false)
  const open = wanted ?? own
  const latest = useRef(onOpenChange)
  const root = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    latest.current = onOpenChange
  })
  const set = (next: boolean) => {
    setOwn(next)
    onOpenChange?.(next)
  }
  const close = () => {
    if (panel.current?.contains(document.activeElement)) opener.current?.focus()
    set(false)
  }
  useEffect(() => {
    if (!open) return
    panel.current?.querySelector<HTMLElement>('input, select, a, button')?.focus()
    const leave = () => {
      setOwn(false)
      latest.current?.(false)
    }
    const onDown = (event: PointerEvent) => !root.current?.contains(event.target as Node) && leave()
    document.addEventListener('pointerdown', onDown)
    return () => document.removeEventListener('pointerdown', onDown)
  }, [open])
  return (
    <div className="popover-root" ref={root}
      onBlur={(event) => { if (open && event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) set(false) }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return
        event.preventDefault()
        event.stopPropagation()
        opener.current?.focus()
        set(false)
      }}>
      <button ref={opener} className={className} aria-expanded={open} aria-haspopup="dialog" disabled={disabled} onClick={() => set(!open)}>{button}</button>
      {open && (
        <div ref={panel} className={`popover is-${align}`} role="dialog" aria-label={label}>
          {typeof children === 'function' ? children(close) : children}
        </div>
      )}
    </div>
  )
}
