import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { getJson } from '../../api/http'
import { ErrorNotice } from '../../app/ErrorNotice'
import { formatAbsolute, formatBytes, formatCount, formatDelay, formatRate, formatSpan } from '../../lib/format'
import { usePageMark } from '../../lib/pageMark'
import { Ago, useNow } from '../../lib/time'
import {
  type Component, type Count, type Figures, type Point, type Sample, POLL_MS,
  counted, currentRuns, gauge, lags, rates, recentLag, recentRate, remember, runOf, seriesOf, sum,
} from './figures'
import { Sparkline } from './Sparkline'

const figuresKey = ['system', 'figures'] as const

/** The answers of the last minutes; they outlive a visit to another page. */
function useFigures() {
  const queries = useQueryClient()
  return useQuery({
    queryKey: figuresKey,
    queryFn: async ({ signal }) => {
      const figures = await getJson<Figures>('/api/system/figures', signal)
      return remember(queries.getQueryData<Sample[]>(figuresKey) ?? [], { receivedAt: Date.now(), figures })
    },
    refetchInterval: POLL_MS,
    retry: false,
    structuralSharing: false,
  })
}

export function SystemPage() {
  const { data, error, refetch } = useFigures()
  const [chosen, setChosen] = useState<string | null>(null)
  const runs = currentRuns(data ?? [])
  const shown = runs.find((sample) => runOf(sample) === chosen) ?? runs[0]
  usePageMark('System', error || (shown && shown.figures.status !== 'healthy') ? 'failed' : 'none')

  if (!data || !shown) {
    return (
      <div className="system-page">
        <div className="page-head"><h1>System</h1></div>
        {error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Skeleton />}
      </div>
    )
  }
  return (
    <div className="system-page">
      <div className="page-head">
        <h1>System</h1>
        {!error && <Health figures={shown.figures} />}
        {error && <ErrorNotice error={error} retry={() => void refetch()} compact />}
      </div>
      {runs.length > 1 && (
        <div className="chips" role="group" aria-label="Process">
          {runs.map((sample) => (
            <button key={runOf(sample)} className="chip" aria-pressed={sample === shown} onClick={() => setChosen(runOf(sample))}>
              {sample.figures.instance}
            </button>
          ))}
        </div>
      )}
      <div className={error ? 'system-body is-last-known' : 'system-body'}>
        {error && <p className="muted">Shown is the last known state, of <Ago value={new Date(shown.receivedAt).toISOString()} />.</p>}
        <Body series={seriesOf(data, runOf(shown))} figures={shown.figures} />
      </div>
    </div>
  )
}

function Health({ figures }: { figures: Figures }) {
  const now = useNow()
  return (
    <p className="system-health" data-testid="health">
      <span className={`part-state ${figures.status === 'healthy' ? 'is-good' : 'is-bad'}`}>{figures.status}</span>
      <span className="muted">
        {figures.version} on <span className="mono">{figures.instance}</span>, up for {formatSpan((now - Date.parse(figures.started_at)) / 1000)}
      </span>
    </p>
  )
}

const partNames: Record<string, string> = { postgres: 'PostgreSQL', redis: 'Redis', ingest: 'Intake', task_log: 'Log' }
const tones: Record<string, string> = { storing: 'is-good', up: 'is-good', running: 'is-good', folding: 'is-good', watching: 'is-good', waiting: 'is-neutral', disabled: 'is-neutral', starting: 'is-neutral' }

function Part({ name, part }: { name: string; part: Component }) {
  const now = useNow()
  const since = Date.parse(part.since)
  return (
    <div className="part" data-part={name}>
      <span>{partNames[name] ?? name}</span>
      <span className={`part-state ${tones[part.status] ?? 'is-bad'}`}>{part.status}</span>
      <time className="muted" dateTime={part.since} title={`Since ${formatAbsolute(since)}`}>for {formatSpan((now - since) / 1000)}</time>
    </div>
  )
}

function Body({ series, figures }: { series: readonly Sample[]; figures: Figures }) {
  const { now, totals, components } = figures
  const until = series.at(-1)?.receivedAt ?? 0
  const ingest = components['ingest']
  const inbox = Number(ingest?.['inbox_depth'] ?? 0)
  const capacity = Number(ingest?.['inbox_capacity'] ?? 0)
  const level = (read: (f: Figures) => number) => gauge(series, read)
  const rate = (read: (f: Figures) => number) => ({ value: formatRate(recentRate(series, read)), points: rates(series, read) })
  const part = (name: string, figure: string) => (f: Figures) => Number(f.components[name]?.[figure] ?? 0)
  const cpu = recentRate(series, (f) => f.totals.cpu_seconds)
  return (
    <>
      <div className="parts" role="group" aria-label="Parts">
        {Object.entries(components).map(([name, state]) => <Part key={name} name={name} part={state} />)}
      </div>

      <Group name="Live connections">
        <Card name="Connections" value={formatCount(now.connections)} points={level((f) => f.now.connections)} until={until} />
        <Card name="Subscriptions" value={formatCount(now.subscriptions)} points={level((f) => f.now.subscriptions)} until={until} />
        <Card name="Frames sent" unit="/s" {...rate((f) => f.totals.frames_sent)} until={until} note={`${formatCount(totals.frames_sent)} in all`} />
        <Card name="Bytes sent" unit="/s" value={formatBytes(recentRate(series, (f) => f.totals.bytes_sent))} points={rates(series, (f) => f.totals.bytes_sent)}
          until={until} note={`${formatBytes(totals.bytes_sent)} in all`} />
        <Card name="Publish to socket, p50" value={formatDelay(recentLag(series, 0.5))} points={lags(series, 0.5)} until={until} />
        <Card name="Publish to socket, p99" value={formatDelay(recentLag(series, 0.99))} points={lags(series, 0.99)} until={until} />
      </Group>

      <Group name="Intake and store">
        <Card name="Taken from producers" unit="/s" {...rate((f) => f.totals.ingested['taken'] ?? 0)} until={until} />
        <Card name="Inbox" value={formatCount(inbox)} points={level(part('ingest', 'inbox_depth'))} until={until}
          note={capacity > 0 ? `room for ${formatCount(capacity)}` : undefined} bad={capacity > 0 && inbox > capacity / 2} />
        <Card name="Stream, not yet done" value={formatCount(part('ingest', 'stream_pending')(figures))} points={level(part('ingest', 'stream_pending'))} until={until} />
        <Card name="Rows stored" unit="/s" {...rate((f) => f.totals.rows_stored)} until={until} note={`${formatCount(totals.rows_stored)} in all`} />
        <Card name="Waiting for the store" value={formatBytes(now.log_pending_bytes)} points={level((f) => f.now.log_pending_bytes)} until={until}
          note={totals.store_failures > 0 ? `${formatCount(totals.store_failures)} failed attempts` : undefined} />
        <Card name="Queue of the agents" value={formatCount(now.queue_length)} points={level((f) => f.now.queue_length)} until={until} />
      </Group>

      <Group name="Process">
        <Card name="CPU" value={cpu === null ? '–' : Math.round(cpu * 100).toString()} unit="% of a core" points={rates(series, (f) => f.totals.cpu_seconds)} until={until} />
        <Card name="Memory" value={formatBytes(now.working_set_bytes)} points={level((f) => f.now.working_set_bytes)} until={until} note={`heap ${formatBytes(now.heap_bytes)}`} />
        <Card name="Requests" unit="/s" {...rate((f) => f.totals.requests)} until={until} />
        <Card name="Work without a thread" value={formatCount(now.thread_pool_queue)} points={level((f) => f.now.thread_pool_queue)} until={until} />
      </Group>

      <div className="tallies">
        <Tally name="Gaps told to clients" counts={counted(series, (f) => f.totals.gaps)} isLoss />
        <Tally name="Frames dropped" counts={counted(series, (f) => f.totals.dropped)} isLoss={(name) => name !== 'superseded'} />
        <Tally name="Producers' messages" counts={counted(series, (f) => f.totals.ingested)} isLoss={(name) => name === 'dropped' || name === 'failed'} />
        <Tally name="Came back" note={`${formatCount(sum(totals.recoveries))} subscriptions`} counts={counted(series, (f) => f.totals.recoveries)}
          isLoss={(name) => name !== 'recovered'} />
        <Tally name="Connections ended" counts={counted(series, (f) => f.totals.disconnects)} describe={describeCode} isLoss={(name) => name === '4008' || name === '4009'} />
        <Tally name="Connections refused" counts={counted(series, (f) => f.totals.refused)} isLoss />
      </div>
    </>
  )
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name}>
      <h2 className="group-name">{name}</h2>
      <div className="cards">{children}</div>
    </section>
  )
}

interface CardProps {
  name: string
  value: string
  unit?: string
  points: Point[]
  until: number
  note?: string | undefined
  bad?: boolean
}

function Card({ name, value, unit, points, until, note, bad = false }: CardProps) {
  return (
    <div className={bad ? 'card is-bad' : 'card'} data-card={name}>
      <div className="card-name">{name}</div>
      <div className="card-value">
        {value}
        {unit && value !== '–' && <span className="card-unit">{unit}</span>}
        {note && <span className="card-note">{note}</span>}
      </div>
      <Sparkline points={points} until={until} label={`${name}, the last five minutes`} />
    </div>
  )
}

interface TallyProps {
  name: string
  counts: Count[]
  note?: string
  isLoss?: boolean | ((name: string) => boolean)
  describe?: (name: string) => string
}

/** Counts by reason: in the last five minutes, and since the start. What was lost just now stands out. */
function Tally({ name, counts, note, isLoss = false, describe = (text) => text.replaceAll('_', ' ') }: TallyProps) {
  const isBad = (count: Count) => count.recent > 0 && (typeof isLoss === 'function' ? isLoss(count.name) : isLoss)
  return (
    <section className="tally" aria-label={name}>
      <table>
        <thead>
          <tr>
            <th scope="col">{name}{note && counts.length > 0 && <span className="muted"> {note}</span>}</th>
            {counts.length > 0 && (
              <>
                <th scope="col">5 min</th>
                <th scope="col">in all</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {counts.length === 0 && <tr><td className="muted">none</td></tr>}
          {counts.map((count) => (
            <tr key={count.name} className={isBad(count) ? 'is-bad' : undefined}>
              <td>{describe(count.name)}</td>
              <td>{formatCount(count.recent)}</td>
              <td>{formatCount(count.total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const closeCodes: Record<string, string> = {
  '1000': 'closed', '1001': 'gone away', '1002': 'broke the protocol', '1005': 'closed without a word', '1006': 'cut', '1007': 'sent no UTF-8',
  '1009': 'sent too much', '4008': 'took nothing', '4009': 'silent', '4029': 'too many frames',
}

const describeCode = (code: string): string => (closeCodes[code] ? `${code} ${closeCodes[code]}` : code)

function Skeleton() {
  return (
    <div className="cards" data-testid="skeleton" aria-busy="true" aria-label="Loading">
      {Array.from({ length: 12 }, (_, i) => (
        <div className="card" key={i}>
          <span className="bone" style={{ width: '60%' }} />
          <span className="bone" style={{ width: '35%' }} />
        </div>
      ))}
    </div>
  )
}
