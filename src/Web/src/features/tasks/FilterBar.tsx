import { type ReactNode, type RefObject, useEffect, useState } from 'react'
import { Dialog } from '../../app/Dialog'
import { Popover } from '../../app/Popover'
import { CloseIcon, FilterIcon, SearchIcon } from '../../app/icons'
import { type TaskStatus, type TaskSummary, taskStatuses } from '../../api/types'
import { formatCost, formatDuration, shortId } from '../../lib/format'
import { useIsNarrow } from '../../lib/media'
import { columns } from './columns'
import { useAgents } from './queries'
import { statusLabels } from './statusText'
import { type TaskFilters, anyTask, countFilters, daysOf, noFilters, rangeOfDays, whenPresets } from './taskFilters'

type Change = (changed: Partial<TaskFilters>) => void

interface Props {
  filters: TaskFilters
  change: Change
  /** What is shown now: its sources and agents can be chosen. */
  shown: readonly TaskSummary[]
  searchBox: RefObject<HTMLInputElement | null>
}

/** `children`: what is to be said of the list. */
export function FilterBar({ filters, change, shown, searchBox, children }: Props & { children: ReactNode }) {
  const narrow = useIsNarrow()
  const [sheet, setSheet] = useState(false)
  const count = countFilters(filters)
  const inSheet = countFilters({ ...filters, status: [], text: '' })
  const clear = () => change({ ...anyTask })
  return (
    <div className="filters" role="search" aria-label="Filter tasks">
      <div className="filter-fields">
        <SearchBox filters={filters} change={change} searchBox={searchBox} />
        {narrow ? (
          <button className="button" onClick={() => setSheet(true)} aria-haspopup="dialog">
            <FilterIcon /> Filters{inSheet > 0 && ` (${inSheet})`}
          </button>
        ) : (
          <>
            <ChoiceFields filters={filters} change={change} shown={shown} />
            <Popover label="More filters" align="end" button={<><FilterIcon /> More</>}>
              <RangeFields filters={filters} change={change} />
            </Popover>
          </>
        )}
        {count > 0 && <button className="button is-quiet" onClick={clear}>Clear</button>}
      </div>
      <HiddenFilters filters={filters} change={change} />
      <div className="list-bar">
        <StatusChips filters={filters} change={change} />
        <div className="list-said">{children}</div>
      </div>
      {sheet && (
        <Dialog label="Filters" className="is-sheet" onClose={() => setSheet(false)}>
          <div className="dialog-head">
            <h2>Filters</h2>
            <button className="button is-primary" onClick={() => setSheet(false)}>Done</button>
          </div>
          <div className="filter-sheet">
            <ChoiceFields filters={filters} change={change} shown={shown} />
            <SortField filters={filters} change={change} />
            <RangeFields filters={filters} change={change} />
            <button className="button" disabled={count === 0} onClick={clear}>Clear all</button>
          </div>
        </Dialog>
      )}
    </div>
  )
}

const TYPING_MS = 350
/** Titles and ids are not searched for less. */
const MIN_TEXT = 3

function SearchBox({ filters, change, searchBox }: Omit<Props, 'shown'>) {
  const [text, setText] = useState(filters.text)
  // The address is right where the two differ, unless somebody is typing.
  useEffect(() => setText(filters.text), [filters.text])
  const wanted = text.trim()
  const tooShort = !filters.inOutput && wanted !== '' && wanted.length < MIN_TEXT
  useEffect(() => {
    if (wanted === filters.text || tooShort) return
    const timer = setTimeout(() => change({ text: wanted }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [wanted, tooShort, filters.text, change])
  return (
    <div className="search-box">
      <SearchIcon />
      <input ref={searchBox} className="input" type="search" maxLength={255} value={text} aria-label={filters.inOutput ? 'Search in output' : 'Search tasks'}
        placeholder={filters.inOutput ? 'Search in inputs and outputs' : 'Title or id'}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !tooShort) change({ text: wanted })
          if (event.key === 'Escape') event.currentTarget.blur()
        }} />
      <span className="search-hint muted" role="status">{tooShort && `${MIN_TEXT} letters at least`}</span>
      <button className="toggle" aria-pressed={filters.inOutput} title="Search in what tasks were asked and in all that they have put out" onClick={() => change({ inOutput: !filters.inOutput })}>
        in output
      </button>
    </div>
  )
}

function StatusChips({ filters, change }: { filters: TaskFilters; change: Change }) {
  const toggle = (status: TaskStatus) => change({ status: taskStatuses.filter((s) => (s === status) !== filters.status.includes(s)) })
  return (
    <div className="chips" role="group" aria-label="Status">
      {taskStatuses.map((status) => (
        <button key={status} className="chip" aria-pressed={filters.status.includes(status)} onClick={() => toggle(status)}>
          <span className={`chip-dot is-${status}`} aria-hidden="true" />
          {status === 'waiting_input' ? 'Waiting' : statusLabels[status]}
        </button>
      ))}
    </div>
  )
}

const knownSources = ['dashboard', 'github', 'jira', 'sentry', 'slack']

function ChoiceFields({ filters, change, shown }: Omit<Props, 'searchBox'>) {
  const { data: agents } = useAgents()
  const choices = (...values: (string | null | undefined)[]) => [...new Set(values.filter((value): value is string => !!value))].sort()
  const names = choices(...(agents ?? []).map((agent) => agent.name), ...shown.map((task) => task.assigned_agent), filters.agent)
  const types = choices(...(agents ?? []).map((agent) => agent.agent_type), ...shown.map((task) => task.agent_type), filters.agent_type)
  const sources = choices(...knownSources, ...shown.map((task) => task.source), filters.source)
  return (
    <>
      <Choice label="Agent" all="All agents" value={filters.agent} values={names} onChange={(agent) => change({ agent })} />
      <Choice label="Type" all="All types" value={filters.agent_type} values={types} onChange={(agent_type) => change({ agent_type })} />
      <Choice label="Source" all="All sources" value={filters.source} values={sources} onChange={(source) => change({ source })} />
      <WhenField filters={filters} change={change} />
    </>
  )
}

function Choice({ label, all, value, values, onChange }: { label: string; all: string; value: string; values: readonly string[]; onChange: (value: string) => void }) {
  return (
    <select className="select" aria-label={label} value={value} data-set={value !== ''} onChange={(event) => onChange(event.target.value)}>
      <option value="">{all}</option>
      {values.map((name) => <option key={name}>{name}</option>)}
    </select>
  )
}

function WhenField({ filters, change }: { filters: TaskFilters; change: Change }) {
  const days = daysOf(filters.when)
  const today = localDay(new Date())
  const set = (from: string, to: string) => change({ when: from + to === '' ? '' : rangeOfDays(from, to) })
  return (
    <>
      <select className="select" aria-label="Time" data-set={filters.when !== ''} value={days ? 'days' : filters.when}
        onChange={(event) => change({ when: event.target.value === 'days' ? today : event.target.value })}>
        {whenPresets.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
        <option value="days">{days ? 'From – to' : 'From – to…'}</option>
      </select>
      {days && (
        <span className="day-range">
          <input className="select" type="date" aria-label="From day" value={days.from} max={days.to || today} onChange={(event) => set(event.target.value, days.to)} />
          <span className="muted">–</span>
          <input className="select" type="date" aria-label="To day" value={days.to} min={days.from} max={today} onChange={(event) => set(days.from, event.target.value)} />
        </span>
      )}
    </>
  )
}

const localDay = (date: Date): string =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`

/** Where there is no table head to sort by. */
function SortField({ filters, change }: { filters: TaskFilters; change: Change }) {
  const sorts = columns.flatMap(({ name, sort, number }) => (sort === undefined ? [] : (number ? ['desc', 'asc'] as const : ['asc', 'desc'] as const).map((order) => ({ name, sort, order }))))
  const key = (sort: string, order: string) => `${sort} ${order}`
  return (
    <select className="select" aria-label="Order" value={key(filters.sortBy, filters.sortOrder)}
      onChange={(event) => {
        const found = sorts.find(({ sort, order }) => key(sort, order) === event.target.value)
        if (found) change({ sortBy: found.sort, sortOrder: found.order })
      }}>
      {sorts.map(({ name, sort, order }) => <option key={key(sort, order)} value={key(sort, order)}>{`By ${name.toLowerCase()} ${order === 'desc' ? '↓' : '↑'}`}</option>)}
    </select>
  )
}

function RangeFields({ filters, change }: { filters: TaskFilters; change: Change }) {
  return (
    <div className="range-fields">
      <NumberRange label="Cost, $" step={0.01} from={filters.cost_min} to={filters.cost_max} onChange={(cost_min, cost_max) => change({ cost_min, cost_max })} />
      <NumberRange label="Duration, s" step={1} from={filters.duration_min} to={filters.duration_max} onChange={(duration_min, duration_max) => change({ duration_min, duration_max })} />
      <TextField label="Session" value={filters.session} onChange={(session) => change({ session })} />
      <TextField label="Conversation" value={filters.conversation} onChange={(conversation) => change({ conversation })} />
      <TextField label="Flow" value={filters.flow_id} onChange={(flow_id) => change({ flow_id })} />
    </div>
  )
}

function NumberRange({ label, step, from, to, onChange }: {
  label: string
  step: number
  from: number | null
  to: number | null
  onChange: (from: number | null, to: number | null) => void
}) {
  const field = (name: string, value: number | null, set: (value: number | null) => void) => (
    <Draft value={value === null ? '' : String(value)} onCommit={(text) => set(text === '' || !Number.isFinite(Number(text)) || Number(text) < 0 ? null : Number(text))}>
      {(draft) => <input className="input" type="number" min={0} step={step} placeholder={name} aria-label={`${label} ${name}`} {...draft} />}
    </Draft>
  )
  return (
    <div className="range-field">
      <span>{label}</span>
      {field('at least', from, (value) => onChange(value, to))}
      {field('at most', to, (value) => onChange(from, value))}
    </div>
  )
}

function TextField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="range-field">
      <span>{label}</span>
      <Draft value={value} onCommit={(text) => onChange(text.trim())}>
        {(draft) => <input className="input" maxLength={255} placeholder="id" {...draft} />}
      </Draft>
    </label>
  )
}

/** What is being typed; it counts when the field is left, or with Enter. */
function Draft({ value, onCommit, children }: {
  value: string
  onCommit: (text: string) => void
  children: (props: Pick<React.ComponentProps<'input'>, 'value' | 'onChange' | 'onBlur' | 'onKeyDown'>) => ReactNode
}) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const commit = () => text !== value && onCommit(text)
  return children({
    value: text,
    onChange: (event) => setText(event.target.value),
    onBlur: commit,
    onKeyDown: (event) => event.key === 'Enter' && commit(),
  })
}

/** Filters whose fields are out of sight, each with a way to let it go. */
function HiddenFilters({ filters, change }: { filters: TaskFilters; change: Change }) {
  const range = (from: number | null, to: number | null, show: (n: number) => string) =>
    from === null && to === null ? null : from === null ? `≤ ${show(to!)}` : to === null ? `≥ ${show(from)}` : `${show(from)} – ${show(to)}`
  const entries: [string, string | null, Partial<TaskFilters>][] = [
    ['Cost', range(filters.cost_min, filters.cost_max, formatCost), { cost_min: null, cost_max: null }],
    ['Duration', range(filters.duration_min, filters.duration_max, formatDuration), { duration_min: null, duration_max: null }],
    ['Session', filters.session, { session: '' }],
    ['Conversation', filters.conversation, { conversation: '' }],
    ['Flow', filters.flow_id, { flow_id: '' }],
    ['Children of', filters.parent, { parent: '' }],
  ]
  const shown = entries.filter(([, value]) => value !== null && value !== '')
  if (shown.length === 0) return null
  return (
    <div className="chips">
      {shown.map(([name, value, without]) => (
        <button key={name} className="chip" aria-pressed title={`${value}: remove this filter`} onClick={() => change({ ...without })}>
          {name} <b>{shortId(value!)}</b> <CloseIcon />
        </button>
      ))}
    </div>
  )
}

export const withoutFilters = (filters: TaskFilters): TaskFilters => ({ ...noFilters, perPage: filters.perPage, inOutput: filters.inOutput })
