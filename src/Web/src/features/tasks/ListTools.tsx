/** What stands around the list: views, columns, export, pages. */
import { useState } from 'react'
import { Link } from 'react-router'
import { Popover } from '../../app/Popover'
import { CloseIcon, ColumnsIcon, DownloadIcon } from '../../app/icons'
import type { TaskPage } from '../../api/types'
import { formatCost, formatCount, plural } from '../../lib/format'
import { useStored } from '../../lib/stored'
import { chosenColumns, columns } from './columns'
import type { Counts } from './liveTasks'
import { type TaskFilters, filterQuery, isFiltered, perPageChoices } from './taskFilters'
import { MAX_VIEW_NAME, type View, builtInViews, ownViews, viewSearch, withView } from './views'

export function Views({ filters, counts }: { filters: TaskFilters; counts: Counts | undefined }) {
  const [own, setOwn] = useStored(ownViews)
  const current = viewSearch(filters)
  const counted: [View, number | undefined, string][] = [
    [builtInViews.running, counts?.running, 'running'],
    [builtInViews.waiting, counts?.waiting_input, 'waiting_input'],
    [builtInViews.queued, counts?.queued, 'queued'],
    [builtInViews.failedToday, counts?.failed_today, 'failed'],
  ]
  const known = [...Object.values(builtInViews), ...own].some(({ search }) => search === current)
  return (
    <nav className="views" aria-label="Views">
      <div className="views-scroll">
        <Tab view={builtInViews.all} current={current} />
        {counted.map(([view, count, status]) => (
          <Tab key={view.name} view={view} current={current}>
            <b className={count ? `is-${status}` : 'muted'} data-testid={`count-${status}`}>{count === undefined ? '–' : count.toLocaleString()}</b>
          </Tab>
        ))}
        <Tab view={builtInViews.expensive} current={current} />
        <Tab view={builtInViews.longest} current={current} />
        {own.map((view) => (
          <span key={view.name} className="own-view">
            <Tab view={view} current={current} />
            {view.search === current && (
              <button className="icon-button" aria-label={`Forget the view ${view.name}`} title="Forget this view" onClick={() => setOwn((before) => before.filter(({ name }) => name !== view.name))}>
                <CloseIcon />
              </button>
            )}
          </span>
        ))}
      </div>
      {!known && <SaveView save={(name) => setOwn((before) => withView(before, { name, search: current }))} />}
    </nav>
  )
}

function Tab({ view, current, children }: { view: View; current: string; children?: React.ReactNode }) {
  return (
    <Link className="view" to={{ pathname: '/tasks', search: view.search }} aria-current={view.search === current ? 'page' : undefined}>
      {view.name}
      {children && <> {children}</>}
    </Link>
  )
}

function SaveView({ save }: { save: (name: string) => void }) {
  const [name, setName] = useState('')
  return (
    <Popover label="Save this view" className="view is-quiet" button="+ Save view">
      {(close) => (
        <form className="save-view" onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() === '') return
          save(name.trim())
          setName('')
          close()
        }}>
          <label className="range-field">
            <span>Name</span>
            <input className="input" maxLength={MAX_VIEW_NAME} value={name} onChange={(event) => setName(event.target.value)} />
          </label>
          <p className="muted">Filters and order, kept in this browser. Send the address of this page to share them.</p>
          <button className="button is-primary" disabled={name.trim() === ''}>Save</button>
        </form>
      )}
    </Popover>
  )
}

export function ColumnsMenu() {
  const [chosen, setChosen] = useStored(chosenColumns)
  return (
    <Popover label="Columns" align="end" className="button hide-narrow" button={<><ColumnsIcon /> Columns</>}>
      <div className="column-choice">
        {columns.filter(({ fixed }) => !fixed).map(({ id, name }) => (
          <label key={id}>
            <input type="checkbox" checked={chosen.includes(id)}
              onChange={(event) => setChosen((before) => (event.target.checked ? [...before, id] : before.filter((other) => other !== id)))} />
            {name}
          </label>
        ))}
      </div>
    </Popover>
  )
}

export function ExportMenu({ filters, total, open, onOpenChange }: {
  filters: TaskFilters
  total: number | undefined
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const address = (format: string) => {
    const query = filterQuery(filters, new Date())
    query.set('format', format)
    return `/api/tasks/export?${query}`
  }
  return (
    <Popover label="Export" align="end" className="button" button={<><DownloadIcon /> Export</>} open={open} onOpenChange={onOpenChange}>
      {(close) => (
        <div className="export-menu">
          <p>{total === undefined ? 'All tasks' : plural(total, 'task')}{isFiltered(filters) && ' of this filter'}, newest first.</p>
          <a className="button" href={address('csv')} download onClick={close}>CSV, for spreadsheets</a>
          <a className="button" href={address('ndjson')} download onClick={close}>NDJSON, one object a line</a>
        </div>
      )}
    </Popover>
  )
}

/** Sums over the whole filter, not the page. */
export function Totals({ data, filtered }: { data: TaskPage; filtered: boolean }) {
  const { totals } = data
  return (
    <span className="totals">
      <span data-testid="total">{data.total_is_exact === false && 'At least '}{plural(data.total, 'task')}{filtered && ' match'}</span>
      {totals && (
        <>
          <span data-testid="total-cost">{formatCost(totals.cost_usd)}</span>
          <span title={`${totals.input_tokens.toLocaleString()} in, ${totals.output_tokens.toLocaleString()} out`}>
            {formatCount(totals.input_tokens + totals.output_tokens)} tokens
          </span>
        </>
      )}
    </span>
  )
}

export function Pager({ filters, data, change }: { filters: TaskFilters; data: TaskPage; change: (changed: Partial<TaskFilters>) => void }) {
  const { next, prev } = data
  const moved = filters.after !== '' || filters.before !== ''
  return (
    <nav className="pager" aria-label="Pages">
      <span className="muted">{`${data.items.length.toLocaleString()} of ${data.total.toLocaleString()}`}</span>
      <label className="pager-size">
        <span className="muted">Rows</span>
        <select className="select" value={filters.perPage} onChange={(event) => change({ perPage: Number(event.target.value) })}>
          {perPageChoices.map((n) => <option key={n}>{n}</option>)}
        </select>
      </label>
      <div className="pager-buttons">
        <button className="button" disabled={!moved} onClick={() => change({ after: '', before: '' })}>First</button>
        <button className="button" disabled={!prev} onClick={() => change({ after: '', before: prev! })}>Previous</button>
        <button className="button" disabled={!next} onClick={() => change({ after: next!, before: '' })}>Next</button>
      </div>
    </nav>
  )
}
