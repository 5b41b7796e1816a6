import type { ReactNode } from 'react'
import { CloseIcon } from './icons'
import { dismiss, useNotices } from './notify'

/** At the foot of every page; `children` are the notices of features. */
export function Notices({ children }: { children?: ReactNode }) {
  const notices = useNotices()
  return (
    <div className="notices" role="status">
      {children}
      {notices.map(({ id, text }) => (
        <div key={id} className="undo-toast" data-testid="notice">
          <span className="undo-text">{text}</span>
          <button className="undo-close" aria-label="Close" onClick={() => dismiss(id)}><CloseIcon /></button>
        </div>
      ))}
    </div>
  )
}
