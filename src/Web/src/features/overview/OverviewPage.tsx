import { useCallback, useMemo } from 'react'
import { Link, useSearchParams } from 'react-router'
import { formatCost, formatCount, formatDuration } from '../../lib/format'
import { usePageMark } from '../../lib/pageMark'
import { BudgetPanel } from '../budgets/BudgetPanel'
import type { Figures } from './answers'
import { type ChartColors, SERIES_COLORS, useChartColors } from './chartColors'
import { formatPercent, nameOf, timeFormat } from './format'
import { Choice, Nothing, Panel } from './Panel'
import { RangePicker } from './RangePicker'
import { Tiles } from './Tiles'
import { TimeChart, type ChartSeries } from './TimeChart'
import { WeekPanel } from './WeekPanel'
import { questions, useBreakdown, useHistogram, useLatency, useLiveAnalytics, useRangeSummary } from './queries'
import { type Chart, type View, breakdowns, brushed, dimensionLabels, dimensions, fits, parseView, periodLabels, periodOf, periods, toSearch } from './range'
import './overview.css'

export type Change = (changed: Partial<View>) => void

export function OverviewPage() {
  usePageMark('Overview', 'none')
  const [search, setSearch] = useSearchParams()
  const view = useMemo(() => parseView(search), [search])
  // A new range can be left by "back"; how something is shown is not a place of its own.
  const change: Change = useCallback(
    (changed) => setSearch((now) => toSearch({ ...parseView(now), ...changed }), { replace: !('preset' in changed) }),
    [setSearch],
  )
  useLiveAnalytics(view.zone, view.preset !== null)
  const colors = useChartColors()
  return (
    <div className="overview">
      <header className="page-head">
        <h1>Overview</h1>
        <RangePicker view={view} change={change} />
      </header>
      <Tiles zone={view.zone} />
      <BudgetPanel />
      <RangeFigures view={view} />
      <CostPanel view={view} change={change} colors={colors} />
      <div className="overview-columns">
        <LatencyPanel view={view} change={change} colors={colors} />
        <WeekPanel view={view} table={tableOf(view, change, 'week')} />
      </div>
      <BreakdownPanel view={view} change={change} />
    </div>
  )
}

function tableOf(view: View, change: Change, chart: Chart) {
  const shown = view.tables.includes(chart)
  return { shown, toggle: () => change({ tables: shown ? view.tables.filter((one) => one !== chart) : [...view.tables, chart] }) }
}

/** What the chosen time comes to. */
function RangeFigures({ view }: { view: View }) {
  const { data } = useRangeSummary(view)
  const figures = data?.figures
  const bone = <span className="bone" style={{ width: 60 }} />
  const facts: [string, string | null][] = [
    ['Cost', figures ? formatCost(figures.cost) : null],
    ['Tasks', figures ? figures.tasks.toLocaleString() : null],
    ['Succeeded, of those ended', figures ? (endedOf(figures) > 0 ? formatPercent(figures.success_rate_ended) : '–') : null],
    ['Cost per task', figures ? formatCost(figures.average_cost) : null],
    ['Run time on average', figures ? formatDuration(figures.average_duration_seconds) : null],
    ['Tokens', figures ? formatCount(figures.total_tokens) : null],
  ]
  return (
    <dl className="range-figures" aria-label="The chosen time" data-testid="range-figures">
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value ?? bone}</dd></div>)}
    </dl>
  )
}

const endedOf = ({ completed = 0, failed = 0, cancelled = 0 }: Partial<Figures>): number => completed + failed + cancelled

const measures = [{ value: 'cost', label: 'Cost' }, { value: 'tasks', label: 'Tasks' }] as const

function CostPanel({ view, change, colors }: { view: View; change: Change; colors: ChartColors }) {
  const { data, error, refetch, isPlaceholderData } = useHistogram(view)
  const period = periodOf(view)
  const format = view.measure === 'cost' ? formatCost : formatCount
  const formatTime = useMemo(() => timeFormat(view.zone, period), [view.zone, period])
  const times = useMemo(() => data?.data.map((bucket) => Date.parse(bucket.timestamp)) ?? [], [data])
  const series = useMemo((): ChartSeries[] => (data?.series ?? [])
    .map((one, i) => ({ label: nameOf(one.value, one.other), color: one.other ? colors.other : colors.series[i % SERIES_COLORS]!, values: one[view.measure] }))
    .filter((one) => one.values.some((value) => value > 0)), [data, colors, view.measure])
  const onBrush = useBrush(times, data?.to, change)
  const table = tableOf(view, change, 'cost')
  const title = `${view.measure === 'cost' ? 'Cost' : 'Tasks'} over time`
  return (
    <Panel title={title} table={table} csv={() => `${questions.histogram(view, Date.now())}&format=csv`} error={data ? error : null} retry={() => void refetch()} stale={isPlaceholderData}
      tools={
        <>
          <Choice label="Measure" value={view.measure} options={measures} onChange={(measure) => change({ measure })} />
          <Choice label="Stacked by" value={view.by} options={dimensions.map((value) => ({ value, label: `by ${dimensionLabels[value].toLowerCase()}` }))} onChange={(by) => change({ by })} />
          <Choice label="Step" value={view.period ?? 'auto'} onChange={(step) => change({ period: step === 'auto' ? null : step })}
            options={[{ value: 'auto' as const, label: `Auto: ${periodLabels[periodOf({ ...view, period: null })].toLowerCase()}` }, ...periods.filter((one) => fits(view, one) || one === view.period).map((value) => ({ value, label: periodLabels[value] }))]} />
        </>
      }>
      {!data ? <Waiting error={error} retry={() => void refetch()} /> : table.shown ? (
        <DataTable caption={title} head={['Time', ...series.map((one) => one.label), 'Total']}
          rows={times.map((time, i) => [formatTime(time), ...series.map((one) => format(one.values[i] ?? 0)), format(data.data[i]![view.measure])])} />
      ) : series.length === 0 ? <Nothing /> : (
        <>
          <TimeChart times={times} series={series} stacked colors={colors} format={format} formatTime={formatTime} zone={view.zone} onBrush={onBrush}
            label={`${title}, by ${dimensionLabels[view.by].toLowerCase()}. The table has the same figures.`} />
          <Legend series={series.map((one) => ({ ...one, note: format(one.values.reduce<number>((sum, value) => sum + (value ?? 0), 0)) }))} />
        </>
      )}
    </Panel>
  )
}

const latencies = [{ value: 'duration', label: 'Run time' }, { value: 'queue_time', label: 'Time in queue' }] as const
const percentiles = ['p50', 'p90', 'p95', 'p99'] as const

function LatencyPanel({ view, change, colors }: { view: View; change: Change; colors: ChartColors }) {
  const { data, error, refetch, isPlaceholderData } = useLatency(view)
  const period = periodOf(view)
  const formatTime = useMemo(() => timeFormat(view.zone, period), [view.zone, period])
  const times = useMemo(() => data?.data.map((bucket) => Date.parse(bucket.timestamp)) ?? [], [data])
  const series = useMemo((): ChartSeries[] => percentiles.map((name, i) => ({
    label: name, color: colors.lines[i]!, values: data?.data.map((bucket) => bucket[view.latency][name]) ?? [],
  })), [data, colors, view.latency])
  const onBrush = useBrush(times, data?.to, change)
  const table = tableOf(view, change, 'latency')
  const empty = series.every((one) => one.values.every((value) => value === null))
  const title = view.latency === 'duration' ? 'Run time' : 'Time in queue'
  return (
    <Panel title={`${title}, percentiles`} table={table} csv={() => `${questions.latency(view, Date.now())}&format=csv`} error={data ? error : null} retry={() => void refetch()} stale={isPlaceholderData}
      tools={<Choice label="Latency of" value={view.latency} options={latencies} onChange={(latency) => change({ latency })} />}>
      {!data ? <Waiting error={error} retry={() => void refetch()} /> : table.shown ? (
        <DataTable caption={title} head={['Time', ...percentiles, 'Tasks']}
          rows={data.data.map((bucket, i) => [formatTime(times[i]!), ...percentiles.map((name) => { const value = bucket[view.latency][name]; return value === null ? '–' : formatDuration(value) }), bucket[view.latency].count.toLocaleString()])} />
      ) : empty ? <Nothing /> : (
        <>
          <TimeChart times={times} series={series} stacked={false} colors={colors} format={formatDuration} formatTime={formatTime} zone={view.zone} onBrush={onBrush}
            label={`${title}: 50th, 90th, 95th and 99th percentile. The table has the same figures.`} />
          <Legend series={series} lines />
        </>
      )}
    </Panel>
  )
}

/** Marking a part of a chart makes it the range. */
function useBrush(times: readonly number[], end: string | undefined, change: Change) {
  return useCallback((from: number, to: number) => {
    const range = brushed(times, from, to, Date.parse(end ?? '') || Date.now())
    if (range) change({ preset: null, ...range, period: null })
  }, [times, end, change])
}

function Legend({ series, lines = false }: { series: readonly (Pick<ChartSeries, 'label' | 'color'> & { note?: string })[]; lines?: boolean }) {
  return (
    <ul className="legend">
      {series.map(({ label, color, note }, i) => (
        <li key={label}>
          {lines
            ? <svg width="22" height="8" aria-hidden="true"><path d="M0 4H22" stroke={color} strokeWidth="2" strokeDasharray={['none', '7 3', '3 3', '1 3'][i]} /></svg>
            : <i style={{ background: color }} aria-hidden="true" />}
          <span>{label}</span>
          {note && <span className="muted">{note}</span>}
        </li>
      ))}
    </ul>
  )
}

const MAX_ROWS = 500

/** The rows of a chart, newest first. */
function DataTable({ caption, head, rows }: { caption: string; head: readonly string[]; rows: readonly (readonly string[])[] }) {
  const shown = useMemo(() => [...rows].reverse().slice(0, MAX_ROWS), [rows])
  return (
    <div className="data-table" tabIndex={0} role="region" aria-label={caption} data-testid="data-table">
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead><tr>{head.map((name, i) => <th key={i} scope="col">{name}</th>)}</tr></thead>
        <tbody>{shown.map((row, r) => <tr key={r}>{row.map((cell, i) => (i === 0 ? <th key={i} scope="row">{cell}</th> : <td key={i}>{cell}</td>))}</tr>)}</tbody>
      </table>
      {rows.length > MAX_ROWS && <p className="muted">The newest {MAX_ROWS} of {rows.length.toLocaleString()}; all of them are in the CSV file.</p>}
    </div>
  )
}

function Waiting({ error, retry }: { error: unknown; retry: () => void }) {
  if (error == null) return <div className="panel-waiting" aria-hidden="true"><span className="bone" style={{ width: '100%', height: '100%' }} /></div>
  return (
    <div className="panel-nothing" role="alert">
      <p>{error instanceof Error ? error.message : 'This could not be loaded.'}</p>
      <button className="button" onClick={retry}>Try again</button>
    </div>
  )
}

function BreakdownPanel({ view, change }: { view: View; change: Change }) {
  const { data, error, refetch, isPlaceholderData } = useBreakdown(view)
  const rows = data ? [...data.rows.map((row) => ({ ...row, other: false })), ...(data.other ? [{ value: null, title: `${data.other.groups} others`, share: data.other.share, figures: data.other.figures, other: true }] : [])] : []
  const name = (row: (typeof rows)[number]) => {
    if (row.other || row.value === null) return row.title
    if (view.breakdown === 'conversation') return <Link to={`/conversations/${encodeURIComponent(row.value)}`}>{row.title?.trim() || row.value}</Link>
    if ((view.breakdown === 'agent' || view.breakdown === 'status' || view.breakdown === 'source') && row.value) return <Link to={`/tasks?${new URLSearchParams({ [view.breakdown]: row.value })}`}>{row.value}</Link>
    return nameOf(row.value)
  }
  return (
    <Panel title="Breakdown" csv={() => `${questions.breakdown(view, Date.now())}&format=csv`} error={data ? error : null} retry={() => void refetch()} stale={isPlaceholderData}
      tools={<Choice label="Breakdown by" value={view.breakdown} options={breakdowns.map((value) => ({ value, label: `by ${dimensionLabels[value].toLowerCase()}` }))} onChange={(breakdown) => change({ breakdown })} />}>
      {!data ? <Waiting error={error} retry={() => void refetch()} /> : rows.length === 0 ? (
        <Nothing of={view.breakdown === 'conversation' ? 'first runs of conversations' : 'tasks'} />
      ) : (
        <div className="data-table is-breakdown" tabIndex={0} role="region" aria-label="Breakdown" data-testid="breakdown">
          <table>
            <thead>
              <tr><th scope="col">{dimensionLabels[view.breakdown]}</th><th scope="col">Share of cost</th><th scope="col">Cost</th><th scope="col">Tasks</th><th scope="col">Failed</th><th scope="col">Succeeded</th><th scope="col">Run time</th><th scope="col">Tokens</th></tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.other ? '…other' : row.value}>
                  <th scope="row">{name(row)}</th>
                  <td><span className="share"><i style={{ width: `${Math.min(100, Math.max(0, row.share * 100))}%` }} /><span>{formatPercent(row.share)}</span></span></td>
                  <td>{formatCost(row.figures.cost)}</td>
                  <td>{row.figures.tasks.toLocaleString()}</td>
                  <td>{row.figures.failed?.toLocaleString() ?? '–'}</td>
                  <td>{endedOf(row.figures) > 0 ? formatPercent(row.figures.success_rate_ended ?? 0) : '–'}</td>
                  <td>{row.figures.average_duration_seconds ? formatDuration(row.figures.average_duration_seconds) : '–'}</td>
                  <td>{row.figures.total_tokens === undefined ? '–' : formatCount(row.figures.total_tokens)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
