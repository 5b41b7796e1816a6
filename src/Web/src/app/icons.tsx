import type { ReactNode } from 'react'
import type { TaskStatus } from '../api/types'

function Icon({ children, size = 16 }: { children: ReactNode; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export const LogoIcon = () => (
  <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path d="M16 4v24M16 13c-4 0-7-2-7-6M16 13c4 0 7-2 7-6M16 21c-6 0-10-3-10-8M16 21c6 0 10-3 10-8" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
  </svg>
)
export const SunIcon = () => <Icon><circle cx="8" cy="8" r="2.8" /><path d="M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" /></Icon>
export const MoonIcon = () => <Icon><path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" /></Icon>
export const SystemIcon = () => <Icon><rect x="2" y="3" width="12" height="8" rx="1.2" /><path d="M6 13.5h4" /></Icon>
export const KeyboardIcon = () => <Icon><rect x="1.5" y="4" width="13" height="8.5" rx="1.4" /><path d="M4.5 6.8h.01M7 6.8h.01M9.4 6.8h.01M11.7 6.8h.01M5.5 9.7h5" /></Icon>
export const SearchIcon = () => <Icon><circle cx="7" cy="7" r="4.2" /><path d="m10.3 10.3 3.2 3.2" /></Icon>
export const UpIcon = () => <Icon><path d="m4 10 4-4 4 4" /></Icon>
export const DownIcon = () => <Icon><path d="m4 6 4 4 4-4" /></Icon>
export const CloseIcon = () => <Icon><path d="m4.5 4.5 7 7M11.5 4.5l-7 7" /></Icon>
export const ColumnsIcon = () => <Icon><rect x="2" y="3" width="12" height="10" rx="1.4" /><path d="M6 3v10M10 3v10" /></Icon>
export const RetryIcon = () => <Icon><path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.6h-2.6" /></Icon>
export const FoldsIcon = () => <Icon><path d="M5 4.5 8 2l3 2.5M5 11.5 8 14l3-2.5M2.5 8h11" /></Icon>
export const CopyIcon = () => <Icon><rect x="5.5" y="5.5" width="8" height="8" rx="1.4" /><path d="M10.5 5.5V3.9a1.4 1.4 0 0 0-1.4-1.4H3.9a1.4 1.4 0 0 0-1.4 1.4v5.2a1.4 1.4 0 0 0 1.4 1.4h1.6" /></Icon>
export const DownloadIcon = () => <Icon><path d="M8 2.5v7.2M5 7l3 3 3-3M2.8 13.2h10.4" /></Icon>
export const WrapIcon = () => <Icon><path d="M2 4h12M2 8h9.2a2.3 2.3 0 0 1 0 4.6H8.4M10 10.9l-1.8 1.7L10 14.3M2 12.6h3" /></Icon>
export const ClockIcon = () => <Icon><circle cx="8" cy="8" r="5.7" /><path d="M8 5v3.2l2 1.3" /></Icon>
export const LinkIcon = () => <Icon><path d="M6.7 9.3 9.3 6.7M7.3 4.6l1.2-1.2a2.9 2.9 0 0 1 4.1 4.1l-1.2 1.2M8.7 11.4l-1.2 1.2a2.9 2.9 0 0 1-4.1-4.1l1.2-1.2" /></Icon>
export const ChevronIcon = () => <Icon size={12}><path d="m5.5 3.5 4.5 4.5-4.5 4.5" /></Icon>
export const EndIcon = () => <Icon><path d="M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10" /></Icon>
export const PlusIcon = () => <Icon><path d="M8 3v10M3 8h10" /></Icon>
export const BackIcon = () => <Icon><path d="M9.8 3.5 5.3 8l4.5 4.5" /></Icon>
export const ArchiveIcon = () => <Icon><rect x="2" y="3" width="12" height="3" rx=".8" /><path d="M3 6v6.2c0 .5.4.8.8.8h8.4c.4 0 .8-.3.8-.8V6M6.5 8.7h3" /></Icon>
export const TrashIcon = () => <Icon><path d="M2.8 4.5h10.4M6 4.2V3c0-.4.3-.7.7-.7h2.6c.4 0 .7.3.7.7v1.2M4.2 4.5l.6 8.3c0 .5.4.9.9.9h4.6c.5 0 .9-.4.9-.9l.6-8.3" /></Icon>
export const EditIcon = () => <Icon><path d="m10.4 3.4 2.2 2.2L5.7 12.5l-2.9.7.7-2.9 6.9-6.9Z" /></Icon>
export const FilterIcon = () => <Icon><path d="M2.5 4h11M4.8 8h6.4M6.8 12h2.4" /></Icon>
export const MessageIcon = () => <Icon size={13}><path d="M2.5 4.3c0-.7.6-1.3 1.3-1.3h8.4c.7 0 1.3.6 1.3 1.3v5.4c0 .7-.6 1.3-1.3 1.3H7l-3 2.4V11c-.8 0-1.5-.6-1.5-1.3V4.3Z" /></Icon>
export const SendIcon = () => <Icon><path d="M8 13V3.4M4 7.2 8 3.2l4 4" /></Icon>
export const StopIcon = () => <Icon size={12}><rect x="3.5" y="3.5" width="9" height="9" rx="1.5" fill="currentColor" /></Icon>

/** Each status has a shape of its own, so that colour is not needed to tell them apart. */
export function StatusIcon({ status }: { status: TaskStatus }) {
  return (
    <svg className={`status-icon is-${status}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      {status === 'queued' && <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.2 1.9" />}
      {status === 'running' && (
        <>
          <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" opacity=".3" />
          <path className="spin" d="M7 1.8A5.2 5.2 0 0 1 12.2 7" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
        </>
      )}
      {status === 'waiting_input' && (
        <>
          <circle cx="7" cy="7" r="6" fill="currentColor" />
          <path d="M5.4 4.6v4.8M8.6 4.6v4.8" stroke="var(--bg)" strokeWidth="1.6" strokeLinecap="round" />
        </>
      )}
      {status === 'completed' && (
        <>
          <circle cx="7" cy="7" r="6" fill="currentColor" />
          <path d="m4.4 7.2 1.8 1.8 3.5-3.8" fill="none" stroke="var(--bg)" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
        </>
      )}
      {status === 'failed' && (
        <>
          <circle cx="7" cy="7" r="6" fill="currentColor" />
          <path d="m5 5 4 4M9 5 5 9" stroke="var(--bg)" strokeWidth="1.6" strokeLinecap="round" />
        </>
      )}
      {status === 'cancelled' && (
        <>
          <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="m3.6 10.4 6.8-6.8" stroke="currentColor" strokeWidth="1.5" />
        </>
      )}
    </svg>
  )
}
