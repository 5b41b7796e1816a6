import type { ReactNode } from 'react'
import { ErrorNotice } from '../../app/ErrorNotice'
import { DownloadIcon } from '../../app/icons'

/** A chart with its heading, and its two other forms: a table to read, and a file. */
export function Panel({ title, tools, table, csv, error, retry, stale, children }: {
  title: string
  tools?: ReactNode
  /** Whether it is shown as a table; absent where it is one anyhow. */
  table?: { shown: boolean; toggle: () => void }
  /** Where the same rows are as CSV; asked at the moment of the click, so that "until now" is now. */
  csv: () => string
  error: unknown
  retry: () => void
  stale: boolean
  children: ReactNode
}) {
  return (
    <section className={stale ? 'panel is-stale' : 'panel'} aria-label={title} aria-busy={stale}>
      <header className="panel-head">
        <h2>{title}</h2>
        {error != null && <ErrorNotice error={error} retry={retry} compact />}
        <div className="panel-tools">
          {tools}
          {table && <button className="chip" aria-pressed={table.shown} onClick={table.toggle}>Table</button>}
          <a className="icon-button" href={csv()} download aria-label={`${title} as CSV`} title="As CSV" onPointerDown={(event) => (event.currentTarget.href = csv())}
            onFocus={(event) => (event.currentTarget.href = csv())}><DownloadIcon /></a>
        </div>
      </header>
      {children}
    </section>
  )
}

/** One of a few, as a list to choose from. */
export function Choice<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; label: string }[]; onChange: (value: T) => void }) {
  return (
    <select className="select" aria-label={label} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
    </select>
  )
}

export const Nothing = ({ of = 'tasks' }: { of?: string }) => <p className="panel-nothing muted">No {of} in this time.</p>
