import { type ReactNode, type SyntheticEvent, useEffect, useRef } from 'react'

/** Closing is told later, as a task of its own: where the dialog has been opened again by then, it is not closed. */
export const whenClosed = (then: () => void) => (event: SyntheticEvent<HTMLDialogElement>): void => {
  if (!event.currentTarget.open) then()
}

/** A modal dialog; it closes with Escape and with a press beside it. What is marked `data-autofocus` has the focus first. */
export function Dialog({ label, onClose, className = '', children }: { label: string; onClose: () => void; className?: string; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    dialog.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
  }, [])
  return (
    <dialog ref={dialog} className={`dialog ${className}`} aria-label={label} onClose={whenClosed(onClose)} onClick={(event) => event.target === dialog.current && onClose()}>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}
