/**
 * What a process of the server says of itself (`GET /api/system/figures`), and what follows from several answers:
 * rates, delays and courses. Totals count from the start of a process, so two answers of the same run give a rate.
 */
export interface LagBucket {
  /** Upper bound in seconds; null for the last. */
  le: number | null
  /** How many were at most that late, those of the smaller buckets included. */
  count: number
}

export type Counts = Record<string, number>

export interface Component {
  status: string
  since: string
  [figure: string]: string | number
}

export interface Figures {
  at: string
  instance: string
  version: string
  started_at: string
  status: string
  components: Record<string, Component>
  now: {
    connections: number
    subscriptions: number
    queue_length: number
    log_pending_bytes: number
    working_set_bytes: number
    heap_bytes: number
    thread_pool_queue: number
  }
  totals: {
    frames_encoded: number
    frames_sent: number
    bytes_sent: number
    rows_stored: number
    store_failures: number
    requests: number
    cpu_seconds: number
    dropped: Counts
    gaps: Counts
    disconnects: Counts
    refused: Counts
    recoveries: Counts
    ingested: Counts
  }
  lag: LagBucket[]
}

/** An answer, and when it came by the clock of this browser: the clocks of several servers differ. */
export interface Sample {
  receivedAt: number
  figures: Figures
}

export interface Point {
  time: number
  /** null: not known, and no line is drawn there. */
  value: number | null
}

export const POLL_MS = 2_000
export const KEPT_MS = 5 * 60_000
/** Newest answers over which a present rate or delay is taken: single polls jump. */
export const RECENT_MS = 10_000
const MAX_SAMPLES = 2 * (KEPT_MS / POLL_MS)

/** The history with one more answer, and without what is too old. */
export function remember(history: readonly Sample[], next: Sample): Sample[] {
  const kept = history.filter((sample) => next.receivedAt - sample.receivedAt < KEPT_MS && sample.receivedAt <= next.receivedAt)
  return [...kept, next].slice(-MAX_SAMPLES)
}

/** One run of one process: after a restart its totals start again. */
export const runOf = ({ figures }: Sample): string => `${figures.instance} ${figures.started_at}`

/** The processes that still answer, the one that is known for longest first. */
export function currentRuns(history: readonly Sample[]): Sample[] {
  const newest = history.at(-1)
  if (!newest) return []
  const latest = new Map<string, Sample>()
  for (const sample of history) latest.set(runOf(sample), sample)
  return [...latest.values()].filter((sample) => newest.receivedAt - sample.receivedAt <= RECENT_MS)
}

export const seriesOf = (history: readonly Sample[], run: string): Sample[] => history.filter((sample) => runOf(sample) === run)

const seconds = (from: Sample, to: Sample): number => (Date.parse(to.figures.at) - Date.parse(from.figures.at)) / 1000

function between(from: Sample | undefined, to: Sample | undefined, read: (figures: Figures) => number): number | null {
  if (!from || !to) return null
  const took = seconds(from, to)
  const grown = read(to.figures) - read(from.figures)
  return took > 0 && grown >= 0 ? grown / took : null
}

export const gauge = (series: readonly Sample[], read: (figures: Figures) => number): Point[] =>
  series.map((sample) => ({ time: sample.receivedAt, value: read(sample.figures) }))

/** The rate per second between each two answers. */
export const rates = (series: readonly Sample[], read: (figures: Figures) => number): Point[] =>
  series.slice(1).map((sample, i) => ({ time: sample.receivedAt, value: between(series[i], sample, read) }))

/** The first answer of the newest so many ms; undefined while there are not two. */
function startOf(series: readonly Sample[], ms: number): Sample | undefined {
  const newest = series.at(-1)
  const first = newest && series.find((sample) => newest.receivedAt - sample.receivedAt <= ms)
  return first === newest ? series.at(-2) : first
}

export const recentRate = (series: readonly Sample[], read: (figures: Figures) => number): number | null =>
  between(startOf(series, RECENT_MS), series.at(-1), read)

/**
 * The delay in seconds that the share `q` of the frames between two answers did not exceed, as far as buckets can tell;
 * null when there were none. What is past the largest bound counts as that bound.
 */
export function lagBetween(from: Figures | undefined, to: Figures, q: number): number | null {
  const earlier = new Map((from?.lag ?? []).map((bucket) => [bucket.le, bucket.count]))
  const buckets = to.lag.map((bucket) => ({ le: bucket.le, count: bucket.count - (earlier.get(bucket.le) ?? 0) }))
  const total = buckets.at(-1)?.count ?? 0
  if (total <= 0) return null
  const rank = q * total
  let below = { le: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.le === null) break
    if (bucket.count >= rank) {
      const share = bucket.count === below.count ? 1 : (rank - below.count) / (bucket.count - below.count)
      return below.le + (bucket.le - below.le) * share
    }
    below = { le: bucket.le, count: bucket.count }
  }
  return below.le
}

export const lags = (series: readonly Sample[], q: number): Point[] =>
  series.slice(1).map((sample, i) => ({ time: sample.receivedAt, value: lagBetween(series[i]!.figures, sample.figures, q) }))

export function recentLag(series: readonly Sample[], q: number): number | null {
  const newest = series.at(-1)
  const first = startOf(series, RECENT_MS)
  return newest && first ? lagBetween(first.figures, newest.figures, q) : null
}

export interface Count {
  name: string
  total: number
  /** Of these, within the kept history. */
  recent: number
}

/** What was counted by name, largest first. */
export function counted(series: readonly Sample[], read: (figures: Figures) => Counts): Count[] {
  const first = series[0]
  const last = series.at(-1)
  if (!first || !last) return []
  const earlier = read(first.figures)
  return Object.entries(read(last.figures))
    .filter(([, total]) => total > 0)
    .map(([name, total]) => ({ name, total, recent: total - (earlier[name] ?? 0) }))
    .sort((a, b) => b.total - a.total || a.name.localeCompare(b.name))
}

export const sum = (counts: Counts): number => Object.values(counts).reduce((all, count) => all + count, 0)
