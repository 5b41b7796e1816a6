import { type FormEvent, useState } from 'react'
import { Popover } from '../../app/Popover'
import type { Change } from './OverviewPage'
import { type View, iso, isZone, ownZone, presets } from './range'

const zones = (): string[] => ['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? []).filter((zone) => zone !== 'UTC')]

/** Until now, for so long; or from one moment to another. And the zone in which days begin. */
export function RangePicker({ view, change }: { view: View; change: Change }) {
  return (
    <div className="range-picker" role="group" aria-label="Time">
      <div className="chips">
        {presets.map(({ value, label }) => (
          <button key={value} className="chip" aria-pressed={view.preset === value} onClick={() => change({ preset: value, from: null, to: null, period: null })}>{label}</button>
        ))}
      </div>
      <Popover label="Range and zone" align="end" className={view.preset === null ? 'button is-chosen' : 'button'} button={<span data-testid="range">{describe(view)}</span>}>
        {(close) => <CustomRange view={view} change={(changed) => { change(changed); close() }} />}
      </Popover>
    </div>
  )
}

function describe(view: View): string {
  if (view.preset !== null) return view.zone === 'UTC' ? 'UTC' : view.zone.split('/').at(-1)!.replaceAll('_', ' ')
  const format = new Intl.DateTimeFormat(undefined, { timeZone: view.zone, month: 'short', day: 'numeric', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return format.formatRange(Date.parse(view.from!), Date.parse(view.to!))
}

function CustomRange({ view, change }: { view: View; change: Change }) {
  const [zone, setZone] = useState(view.zone)
  const [from, setFrom] = useState(view.from ? toLocal(Date.parse(view.from), view.zone) : '')
  const [to, setTo] = useState(view.to ? toLocal(Date.parse(view.to), view.zone) : '')
  const [problem, setProblem] = useState<string | null>(null)
  const apply = (event: FormEvent) => {
    event.preventDefault()
    if (!isZone(zone)) return setProblem('There is no such zone.')
    if (from === '' && to === '') return change({ zone })
    const [start, end] = [fromLocal(from, zone), to === '' ? Date.now() : fromLocal(to, zone)]
    if (start === null || end === null) return setProblem('Both times are needed.')
    if (start >= end) return setProblem('It ends before it begins.')
    change({ preset: null, from: iso(Math.floor(start / 1000) * 1000), to: iso(Math.floor(end / 1000) * 1000), zone, period: null })
  }
  return (
    <form className="custom-range" onSubmit={apply}>
      <label><span>From</span><input className="input" type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} /></label>
      <label><span>To</span><input className="input" type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} /></label>
      <label><span>Zone</span><input className="input" list="zones" value={zone} onChange={(event) => setZone(event.target.value)} /></label>
      <datalist id="zones">{zones().map((one) => <option key={one} value={one} />)}</datalist>
      {problem && <p className="is-error" role="alert">{problem}</p>}
      <div className="custom-range-actions">
        <button type="button" className="link-button" onClick={() => setZone(zone === 'UTC' ? ownZone() : 'UTC')}>{zone === 'UTC' ? 'My zone' : 'UTC'}</button>
        <button className="button is-primary" type="submit">Apply</button>
      </div>
    </form>
  )
}

/** A moment as the clock of the zone shows it, for a field. */
export function toLocal(time: number, zone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
      .formatToParts(time).map(({ type, value }) => [type, value]),
  )
  return `${parts['year']!.padStart(4, '0')}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}`
}

/** The moment at which the clock of the zone shows this; of two, or none, at a change of the clocks, the one beside it. */
export function fromLocal(text: string, zone: string): number | null {
  const wanted = Date.parse(`${text}Z`)
  if (Number.isNaN(wanted)) return null
  let time = wanted
  // The distance of the zone may be another one where the first guess falls.
  for (let i = 0; i < 2; i++) time += wanted - Date.parse(`${toLocal(time, zone)}Z`)
  return time
}
