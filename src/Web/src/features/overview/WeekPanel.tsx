import { formatCost } from '../../lib/format'
import { Nothing, Panel } from './Panel'
import { questions, useWeek } from './queries'
import { type View, lengthOf } from './range'

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const hours = Array.from({ length: 24 }, (_, hour) => hour)
const MAX_MS = 366 * 86_400_000

/** When in the week there is how much: deeper is more, and each cell says its number. */
export function WeekPanel({ view, table }: { view: View; table: { shown: boolean; toggle: () => void } }) {
  const possible = lengthOf(view) <= MAX_MS
  const { data, error, refetch, isPlaceholderData } = useWeek(view, possible)
  const of = (cell: { cost: number; tasks: number }) => cell[view.measure]
  const top = Math.max(0, ...(data?.cells.map(of) ?? []))
  const cells = new Map(data?.cells.map((cell) => [cell.day * 24 + cell.hour, cell]))
  const format = (value: number) => (view.measure === 'cost' ? formatCost(value) : value.toLocaleString())
  return (
    <Panel title={`${view.measure === 'cost' ? 'Cost' : 'Tasks'} by hour of the week`} table={table} csv={() => `${questions.week(view, Date.now())}&format=csv`} error={error} retry={() => void refetch()} stale={isPlaceholderData}>
      {!possible ? <p className="panel-nothing muted">Choose at most a year.</p>
        : !data ? <div className="panel-waiting" />
        : top === 0 ? <Nothing />
        : (
          <div className={table.shown ? 'week is-numbers' : 'week'} tabIndex={0} role="region" aria-label="Hours of the week" data-testid="week">
            <table>
              <thead><tr><td />{hours.map((hour) => <th key={hour} scope="col">{table.shown || hour % 3 === 0 ? hour : <span className="visually-hidden">{hour}</span>}</th>)}</tr></thead>
              <tbody>
                {days.map((name, d) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    {hours.map((hour) => {
                      const cell = cells.get((d + 1) * 24 + hour)
                      const value = cell ? of(cell) : 0
                      return (
                        <td key={hour} title={`${name} ${hour}:00 – ${format(value)}${cell ? `, ${cell.tasks.toLocaleString()} tasks, ${cell.failed} failed` : ''}`}
                          style={{ '--heat': value > 0 ? 0.08 + 0.92 * (value / top) : 0 } as React.CSSProperties}>
                          {table.shown ? format(value) : <span className="visually-hidden">{format(value)}</span>}
                        </td>
                      )
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      {data && top > 0 && !table.shown && <p className="week-scale muted">0 <i aria-hidden="true" /> {format(top)}</p>}
    </Panel>
  )
}
