import { type RefObject, useState } from 'react'
import { ClockIcon, CloseIcon, CopyIcon, DownIcon, DownloadIcon, FoldsIcon, SearchIcon, UpIcon, WrapIcon } from '../../../app/icons'
import { plural } from '../../../lib/format'
import type { LogSnapshot } from './logSession'
import type { ViewRow } from './logView'
import { MAX_MATCHES } from './search'
import type { LogSearch } from './useLogSearch'
import { type LogSettings, toggleKinds } from './useLogSettings'

const kindNames: Record<(typeof toggleKinds)[number], string> = {
  output: 'Output', thinking: 'Thinking', tool_call: 'Calls', tool_result: 'Results', system: 'System', status: 'Status',
}

interface Props {
  settings: LogSettings
  change: (change: Partial<LogSettings>) => void
  log: LogSnapshot
  searching: boolean
  searchBox: RefObject<HTMLInputElement | null>
  openSearch: () => void
  closeSearch: () => void
  found: LogSearch
  hitIndex: number
  step: (by: 1 | -1) => void
  copyAll: () => void
  toggleFolds: () => void
  downloadUrl: string
  jumpToTime: (time: number) => void
  firstTime: ViewRow | undefined
}

export function LogToolbar(props: Props) {
  const { settings, change, log, searching, openSearch, copyAll, downloadUrl } = props
  const [jumping, setJumping] = useState(false)
  const toggle = (kind: string) => {
    const hidden = new Set(settings.hidden)
    if (!hidden.delete(kind)) hidden.add(kind)
    change({ hidden })
  }
  return (
    <div className="log-toolbar">
      <div className="log-tools">
        <div className="chips" role="group" aria-label="Show">
          {toggleKinds.map((kind) => (
            <button key={kind} className="chip" aria-pressed={!settings.hidden.has(kind)} onClick={() => toggle(kind)}>
              <span className={`chip-dot kind-${kind}`} aria-hidden="true" />
              {kindNames[kind]}
            </button>
          ))}
        </div>
        <Progress log={log} />
        <div className="log-buttons">
          <button className="icon-button" aria-pressed={searching} onClick={openSearch} aria-label="Search" title="Search (/ or Ctrl F)"><SearchIcon /></button>
          <button className="icon-button" aria-pressed={settings.wrap} onClick={() => change({ wrap: !settings.wrap })} aria-label="Wrap lines" title="Wrap lines (w)"><WrapIcon /></button>
          <button className="icon-button" aria-pressed={settings.times} onClick={() => change({ times: !settings.times })} aria-label="Timestamps" title="Timestamps (t)"><ClockIcon /></button>
          <button className="icon-button" aria-pressed={settings.open} onClick={props.toggleFolds} aria-label="Expand all" title="Expand all calls and thoughts (o)"><FoldsIcon /></button>
          <button className="button is-quiet hide-narrow" aria-expanded={jumping} onClick={() => setJumping(!jumping)}>Go to time</button>
          <button className="icon-button" onClick={copyAll} aria-label="Copy all" title="Copy all"><CopyIcon /></button>
          <a className="icon-button" href={downloadUrl} download aria-label="Download" title="Download output.txt"><DownloadIcon /></a>
        </div>
      </div>
      {jumping && <JumpToTime {...props} close={() => setJumping(false)} />}
      {searching && <SearchBar {...props} />}
    </div>
  )
}

function Progress({ log }: { log: LogSnapshot }) {
  if (log.backfill === null || log.total === 0) return null
  const part = Math.floor((100 * log.loaded) / log.total)
  return (
    <span className="log-progress muted" data-testid="backfill">
      {log.backfill === 'running' ? `Loading earlier output ${part} %` : `${plural(log.loaded, 'entry', 'entries')} of ${log.total.toLocaleString()} loaded`}
    </span>
  )
}

function SearchBar({ settings, change, searchBox, closeSearch, found, hitIndex, step }: Props) {
  const [text, setText] = useState(settings.search)
  const set = (value: string) => {
    setText(value)
    change({ search: value })
  }
  const total = found.truncated ? `${MAX_MATCHES.toLocaleString()}+` : found.hits.length.toLocaleString()
  return (
    <div className="log-search" role="search" aria-label="Search the log">
      <input
        ref={searchBox}
        className="input"
        type="search"
        placeholder={settings.regex ? 'Regular expression' : 'Search the log'}
        aria-label="Search the log"
        aria-invalid={found.error !== null}
        value={text}
        autoFocus
        onChange={(event) => set(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            step(event.shiftKey ? -1 : 1)
          } else if (event.key === 'Escape') {
            event.stopPropagation()
            closeSearch()
          }
        }}
      />
      <button className="toggle" aria-pressed={settings.matchCase} onClick={() => change({ matchCase: !settings.matchCase })} title="Match case" aria-label="Match case">Aa</button>
      <button className="toggle mono" aria-pressed={settings.regex} onClick={() => change({ regex: !settings.regex })} title="Regular expression" aria-label="Regular expression">.*</button>
      <span className={`log-hits ${found.error ? 'is-error' : 'muted'}`} role="status" data-testid="hits">
        {found.error ?? (text === '' ? '' : found.pending ? '…' : found.hits.length === 0 ? 'No match' : hitIndex < 0 ? total : `${(hitIndex + 1).toLocaleString()} of ${total}`)}
      </span>
      <button className="icon-button" disabled={found.hits.length === 0} onClick={() => step(-1)} aria-label="Previous match"><UpIcon /></button>
      <button className="icon-button" disabled={found.hits.length === 0} onClick={() => step(1)} aria-label="Next match"><DownIcon /></button>
      <button className="icon-button" onClick={closeSearch} aria-label="Close the search"><CloseIcon /></button>
    </div>
  )
}

function JumpToTime({ jumpToTime, firstTime, close }: Props & { close: () => void }) {
  const stamp = firstTime && (firstTime.type === 'line' || firstTime.type === 'status') ? firstTime.time : null
  const [value, setValue] = useState(() => toLocalInput(stamp ? new Date(stamp) : new Date()))
  return (
    <form
      className="log-search"
      onSubmit={(event) => {
        event.preventDefault()
        const time = new Date(value).getTime()
        if (!Number.isNaN(time)) jumpToTime(time)
      }}
    >
      <input className="input is-time" type="datetime-local" step={1} aria-label="Time" value={value} autoFocus onChange={(event) => setValue(event.target.value)} />
      <button className="button">Go</button>
      <button type="button" className="icon-button" onClick={close} aria-label="Close"><CloseIcon /></button>
    </form>
  )
}

/** The value of a datetime-local field, which knows no zone: the reader's. */
function toLocalInput(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
