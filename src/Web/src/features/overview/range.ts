/** What the overview shows: its range, zone and grouping; it lives in the address, so that a view can be sent to somebody. Pure. */
export const presets = [
  { value: 'today', label: 'Today' },
  { value: '24h', label: '24 hours' },
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: '1y', label: '1 year' },
] as const

export type Preset = (typeof presets)[number]['value']

export const periods = ['quarter_hour', 'hour', 'day', 'week', 'month'] as const
export type Period = (typeof periods)[number]

export const periodLabels: Record<Period, string> = { quarter_hour: '15 minutes', hour: 'Hours', day: 'Days', week: 'Weeks', month: 'Months' }

export const dimensions = ['agent', 'agent_type', 'source', 'model', 'status'] as const
export type Dimension = (typeof dimensions)[number]

export const breakdowns = [...dimensions, 'user', 'conversation'] as const
export type Breakdown = (typeof breakdowns)[number]

export const dimensionLabels: Record<Breakdown, string> = {
  agent: 'Agent', agent_type: 'Type', source: 'Source', model: 'Model', status: 'Status', user: 'User', conversation: 'Conversation',
}

/** Charts that can be read as a table. */
export const charts = ['cost', 'latency', 'week'] as const
export type Chart = (typeof charts)[number]

export interface View {
  /** Up to now. Null: `from` and `to` say it. */
  preset: Preset | null
  /** ISO times in UTC; null with a preset. */
  from: string | null
  to: string | null
  /** An IANA zone, in which days begin and times are shown. */
  zone: string
  /** Null: chosen by the length of the range. */
  period: Period | null
  by: Dimension
  measure: 'cost' | 'tasks'
  latency: 'duration' | 'queue_time'
  breakdown: Breakdown
  tables: readonly Chart[]
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone !== ''
  } catch {
    return false
  }
}

const DEFAULT: Preset = '30d'

function choice<T extends string>(choices: readonly T[], value: string | null, otherwise: T): T {
  return choices.find((one) => one === value) ?? otherwise
}

export function parseView(search: URLSearchParams): View {
  const zone = search.get('zone') ?? ''
  const [from, to] = [toIso(search.get('from')), toIso(search.get('to'))]
  const custom = from !== null && to !== null && from < to
  const tables = (search.get('table') ?? '').split(',')
  const period = search.get('period')
  return {
    preset: custom ? null : choice(presets.map(({ value }) => value), search.get('range'), DEFAULT),
    from: custom ? from : null,
    to: custom ? to : null,
    zone: isZone(zone) ? zone : ownZone(),
    period: periods.find((one) => one === period) ?? null,
    by: choice(dimensions, search.get('by'), 'agent'),
    measure: choice(['cost', 'tasks'], search.get('measure'), 'cost'),
    latency: choice(['duration', 'queue_time'], search.get('latency'), 'duration'),
    breakdown: choice(breakdowns, search.get('breakdown'), 'agent'),
    tables: charts.filter((chart) => tables.includes(chart)),
  }
}

export function toSearch(view: View): URLSearchParams {
  const search = new URLSearchParams()
  if (view.preset === null) {
    search.set('from', view.from!)
    search.set('to', view.to!)
  } else if (view.preset !== DEFAULT) search.set('range', view.preset)
  if (view.zone !== ownZone()) search.set('zone', view.zone)
  if (view.period) search.set('period', view.period)
  if (view.by !== 'agent') search.set('by', view.by)
  if (view.measure !== 'cost') search.set('measure', view.measure)
  if (view.latency !== 'duration') search.set('latency', view.latency)
  if (view.breakdown !== 'agent') search.set('breakdown', view.breakdown)
  if (view.tables.length > 0) search.set('table', view.tables.join(','))
  return search
}

function toIso(value: string | null): string | null {
  const time = Date.parse(value ?? '')
  return Number.isNaN(time) ? null : iso(time)
}

export const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')

/** The calendar day of a moment in a zone, as `YYYY-MM-DD`. */
export function dayIn(zone: string, time: number): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(time).map(({ type, value }) => [type, value]),
  )
  return `${parts['year']}-${parts['month']}-${parts['day']}`
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The range as the server takes it: days are days of the zone, and without `to` it reaches until now. */
export function rangeOf(view: View, now: number): { from: string; to?: string } {
  if (view.preset === null) return { from: view.from!, to: view.to! }
  const daysBack = (days: number) => dayIn(view.zone, now - days * DAY)
  switch (view.preset) {
    case 'today':
      return { from: daysBack(0) }
    case '24h':
      // Of whole quarters, so that buckets do not move with every question.
      return { from: iso(Math.floor((now - DAY) / (HOUR / 4)) * (HOUR / 4)) }
    case '7d':
      return { from: daysBack(6) }
    case '30d':
      return { from: daysBack(29) }
    case '90d':
      return { from: daysBack(89) }
    case '1y':
      return { from: daysBack(364) }
  }
}

export function lengthOf(view: View): number {
  if (view.preset === null) return Date.parse(view.to!) - Date.parse(view.from!)
  return { today: DAY, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY, '90d': 90 * DAY, '1y': 365 * DAY }[view.preset]
}

const lengths: Record<Period, number> = { quarter_hour: HOUR / 4, hour: HOUR, day: DAY, week: 7 * DAY, month: 28 * DAY }
/** The server gives no more. */
export const MAX_BUCKETS = 10_000

/** The buckets of the charts: as chosen, unless those would be too many. */
export function periodOf(view: View): Period {
  const length = lengthOf(view)
  if (view.period && length / lengths[view.period] <= MAX_BUCKETS) return view.period
  if (length <= 6 * HOUR) return 'quarter_hour'
  if (length <= 4 * DAY) return 'hour'
  if (length <= 200 * DAY) return 'day'
  return length <= 3 * 366 * DAY ? 'week' : 'month'
}

export const fits = (view: View, period: Period): boolean => lengthOf(view) / lengths[period] <= MAX_BUCKETS && lengthOf(view) >= lengths[period]

/** A part of a chart that was marked, in whole buckets: a bucket is drawn around its time, and is in it when its bar was touched. Null where it is none. */
export function brushed(timestamps: readonly number[], from: number, to: number, end: number): { from: string; to: string } | null {
  const half = timestamps.length > 1 ? (timestamps[1]! - timestamps[0]!) / 2 : 0
  const first = timestamps.findLastIndex((time) => time <= from + half)
  const after = timestamps.findIndex((time) => time >= to + half)
  const [start, stop] = [timestamps[Math.max(0, first)], after < 0 ? end : timestamps[after]]
  if (start === undefined || stop === undefined || stop <= start) return null
  // A second is the least that the address can say.
  return { from: iso(Math.floor(start / 1000) * 1000), to: iso(Math.ceil(stop / 1000) * 1000) }
}
