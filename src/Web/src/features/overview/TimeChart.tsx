import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ChartColors } from './chartColors'

export interface ChartSeries {
  label: string
  color: string
  /** One for each time; null where there is none. */
  values: readonly (number | null)[]
}

const HEIGHT = 240
/** So many bars have room beside one another; more are drawn as areas. */
const MAX_BARS = 400
/** Beyond, a step of an area is narrower than a pixel: it is drawn as a line, of which uPlot draws no more than each column of pixels can show. */
const MAX_STEPS = 2_000
/** The least that counts as marking, in pixels. */
const MIN_BRUSH = 6

/**
 * A chart over time on a canvas, as bars or areas on top of one another, or as lines. Marking a part of it gives its times.
 * It stays smooth with tens of thousands of points: nothing is drawn for a pointer that moves but the pointer's own line.
 */
export function TimeChart({ times, series, stacked, colors, format, formatTime, zone, onBrush, label }: {
  /** Milliseconds, ascending. */
  times: readonly number[]
  series: readonly ChartSeries[]
  stacked: boolean
  colors: ChartColors
  format: (value: number) => string
  formatTime: (time: number) => string
  zone: string
  onBrush: (from: number, to: number) => void
  label: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef({ times, series, onBrush, format, formatTime })
  useEffect(() => {
    latest.current = { times, series, onBrush, format, formatTime }
  })
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => setWidth(element.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    // No observer is called while a browser lays out for paper; this is, in Chromium with the width of the paper and before it is drawn.
    const paper = window.matchMedia('print')
    const fit = () => flushSync(measure)
    paper.addEventListener('change', fit)
    return () => {
      observer.disconnect()
      paper.removeEventListener('change', fit)
    }
  }, [])

  // The picture is made anew for other series or colours; new values alone are put into it.
  const path = !stacked || times.length > MAX_STEPS ? 'line' : times.length > MAX_BARS ? 'steps' : 'bars'
  const shape = JSON.stringify([series.map((one) => [one.label, one.color]), colors.text, colors.grid, stacked, path, zone])
  useLayoutEffect(() => {
    const element = box.current
    if (!element || width === 0) return
    const drawn = series.map((one, i): uPlot.Series => ({
      label: one.label, stroke: one.color, width: stacked ? 0 : 1.75, points: { show: !stacked && times.length <= 60, size: 5 },
      paths: path === 'bars' ? uPlot.paths.bars!({ size: [0.86, 60] }) : path === 'steps' ? uPlot.paths.stepped!({ align: 1 }) : uPlot.paths.linear!(),
      ...(stacked ? { fill: one.color } : { dash: [[], [7, 3], [3, 3], [1, 3]][i % 4] as number[] }),
    }))
    const axis = { stroke: colors.text, font: '11px system-ui, sans-serif', grid: { stroke: colors.grid, width: 1 }, ticks: { show: false } }
    const made = new uPlot({
      width, height: HEIGHT, ms: 1, legend: { show: false }, padding: [10, 8, 0, 0],
      tzDate: (time) => uPlot.tzDate(new Date(time), zone),
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] } },
      axes: [{ ...axis, grid: { show: false } }, { ...axis, size: 58, values: (_, splits) => splits.map((value) => latest.current.format(value)) }],
      cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { show: !stacked } },
      // From above to below: the highest sum first, so that each one covers the lower part of the one before.
      series: [{}, ...(stacked ? [...drawn].reverse() : drawn)],
      hooks: {
        setSelect: [(u) => {
          const { left, width: marked } = u.select
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          if (marked >= MIN_BRUSH) latest.current.onBrush(u.posToVal(left, 'x'), u.posToVal(left + marked, 'x'))
        }],
        setCursor: [(u) => showTip(u, tip.current, latest.current)],
      },
    }, dataOf(times, series, stacked), element)
    plot.current = made
    return () => {
      made.destroy()
      plot.current = null
    }
    // The values of the first drawing come with it; later ones by the effect below.
  }, [shape, width])
  const first = useRef(true)
  useLayoutEffect(() => {
    if (first.current) first.current = false
    else plot.current?.setData(dataOf(times, series, stacked))
  }, [times, series, stacked])

  return (
    <div className="time-chart" role="img" aria-label={label} data-testid="time-chart" data-points={times.length} style={{ height: HEIGHT }}>
      <div ref={box} className="time-chart-box" />
      <div ref={tip} className="time-chart-tip" hidden aria-hidden="true" />
    </div>
  )
}

export function dataOf(times: readonly number[], series: readonly ChartSeries[], stacked: boolean): uPlot.AlignedData {
  if (!stacked) return [times as number[], ...series.map((one) => one.values as (number | null)[])]
  const sums: number[][] = []
  let below: number[] | null = null
  for (const { values } of series) {
    const sum: number[] = times.map((_, i) => (below?.[i] ?? 0) + (values[i] ?? 0))
    sums.push(sum)
    below = sum
  }
  return [times as number[], ...sums.reverse()]
}

/** Built as nodes, never as HTML: labels are names that anybody may have given. */
function showTip(u: uPlot, tip: HTMLDivElement | null, { times, series, format, formatTime }: {
  times: readonly number[]; series: readonly ChartSeries[]; format: (value: number) => string; formatTime: (time: number) => string
}): void {
  if (!tip) return
  const i = u.cursor.idx
  const time = i == null ? undefined : times[i]
  if (i == null || time === undefined || (u.cursor.left ?? -1) < 0) {
    tip.hidden = true
    return
  }
  const head = document.createElement('b')
  head.textContent = formatTime(time)
  const rows = series.filter((one) => (one.values[i] ?? 0) > 0).map((one) => {
    const row = document.createElement('div')
    const swatch = document.createElement('i')
    swatch.style.background = one.color
    const name = document.createElement('span')
    name.textContent = one.label
    const value = document.createElement('span')
    value.textContent = format(one.values[i]!)
    row.append(swatch, name, value)
    return row
  })
  tip.replaceChildren(head, ...rows)
  tip.hidden = false
  const left = (u.cursor.left ?? 0) + u.bbox.left / devicePixelRatio
  const room = tip.parentElement!.clientWidth
  tip.style.left = `${left + 14 + tip.offsetWidth > room ? Math.max(0, left - 14 - tip.offsetWidth) : left + 14}px`
}
