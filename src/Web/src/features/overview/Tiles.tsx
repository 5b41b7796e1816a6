import { Link } from 'react-router'
import { ErrorNotice } from '../../app/ErrorNotice'
import { formatCost } from '../../lib/format'
import type { Bucket } from './answers'
import { formatChange, formatPercent } from './format'
import { useLastDay, useToday } from './queries'

/** Today, and what is there now; each with its course over the last 24 hours. */
export function Tiles({ zone }: { zone: string }) {
  const { data, error, refetch } = useToday(zone)
  const { data: day } = useLastDay(zone)
  const hours = day?.data ?? []
  const today = data?.today
  const ended = today ? today.completed + today.failed + today.cancelled : 0
  const change = data?.today_change
  return (
    <section className="tiles" aria-label="Today and now" data-testid="tiles">
      <Tile name="Cost today" value={data && formatCost(data.today_cost)} change={change?.cost ?? null} course={hours.map((hour) => hour.cost)} courseLabel="Cost by hour, last 24 hours" testId="today-cost" />
      <Tile name="Tasks today" value={data?.today_tasks.toLocaleString()} change={change?.tasks ?? null} course={hours.map((hour) => hour.tasks)} courseLabel="Tasks by hour, last 24 hours" testId="today-tasks" />
      <Tile name="Succeeded today" value={today && (ended > 0 ? formatPercent(today.success_rate_ended) : '–')} note={today && `${today.failed.toLocaleString()} failed`}
        course={hours.map(successOf)} courseLabel="Success by hour, last 24 hours" testId="today-success" />
      <Tile name="Running now" value={data?.figures.running.toLocaleString()} to="/tasks?status=running" note={data && `${data.figures.waiting_input.toLocaleString()} wait for input`} testId="running" />
      <Tile name="Queued now" value={data?.figures.queued.toLocaleString()} to="/tasks?status=queued" note={data && 'not taken by an agent yet'} testId="queued" />
      {error && <div className="tiles-error"><ErrorNotice error={error} retry={() => void refetch()} compact /></div>}
    </section>
  )
}

const successOf = ({ completed, failed }: Bucket): number | null => (completed + failed > 0 ? completed / (completed + failed) : null)

function Tile({ name, value, change = null, note, course, courseLabel, to, testId }: {
  name: string
  value: string | undefined
  /** Against yesterday until this time. */
  change?: number | null
  note?: string | undefined
  course?: readonly (number | null)[]
  courseLabel?: string
  to?: string
  testId: string
}) {
  const compared = formatChange(change)
  return (
    <div className="tile">
      <p className="muted">{to ? <Link to={to}>{name}</Link> : name}</p>
      <p className="tile-value" data-testid={testId}>{value ?? <span className="bone" style={{ width: 70, height: 18 }} />}</p>
      <p className="tile-note muted">{compared ? <span title="Against yesterday until this time of day">{compared} <span>than yesterday</span></span> : note ?? ' '}</p>
      {course && <Course values={course} label={courseLabel ?? ''} />}
    </div>
  )
}

const WIDTH = 100
const HEIGHT = 24

/** A line that breaks where there is nothing to tell. */
function Course({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const top = Math.max(...values.map((value) => value ?? 0), 0)
  let open = false
  const path = values.map((value, i) => {
    if (value === null) {
      open = false
      return ''
    }
    const x = ((i / Math.max(1, values.length - 1)) * WIDTH).toFixed(2)
    const y = (HEIGHT - 1.5 - (top > 0 ? (value / top) * (HEIGHT - 4) : 0)).toFixed(2)
    const step = `${open ? 'L' : 'M'}${x} ${y}`
    const alone = !open && (values[i + 1] ?? null) === null
    open = true
    return alone ? `${step}h.5` : step
  }).join('')
  return <svg className="course" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>{path && <path d={path} />}</svg>
}
