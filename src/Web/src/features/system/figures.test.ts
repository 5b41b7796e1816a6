import { describe, expect, it } from 'vitest'
import { counted, currentRuns, gauge, lagBetween, lags, rates, recentLag, recentRate, remember, runOf, seriesOf } from './figures'
import { segments } from './Sparkline'
import { aSample } from './testing'

const frames = (f: { totals: { frames_sent: number } }) => f.totals.frames_sent

describe('the history', () => {
  it('keeps five minutes, and no more', () => {
    let history = [aSample(0)]
    for (let second = 2; second <= 900; second += 2) history = remember(history, aSample(second))
    expect(history.at(-1)!.receivedAt - history[0]!.receivedAt).toBe(298_000)
    expect(history.length).toBe(150)
  })

  it('holds so many at most, however often one asks', () => {
    let history = [aSample(0)]
    for (let i = 1; i < 2_000; i++) history = remember(history, aSample(i / 100))
    expect(history.length).toBe(300)
  })

  it('forgets what a clock that was put back left in the future', () => {
    expect(remember([aSample(100)], aSample(5)).map((sample) => sample.receivedAt)).toEqual([5_000])
  })

  it('tells processes and runs apart, and forgets those that are silent', () => {
    const history = [aSample(0, { instance: 'a' }), aSample(1, { instance: 'b' }), aSample(15, { instance: 'b' }), aSample(16, { instance: 'b', started_at: 'later' })]
    expect(currentRuns(history).map((sample) => [sample.figures.instance, sample.figures.started_at])).toEqual([['b', 'start'], ['b', 'later']])
    expect(seriesOf(history, runOf(history[1]!)).length).toBe(2)
    expect(currentRuns([])).toEqual([])
  })
})

describe('rates', () => {
  it('are per second, by the clock of the server', () => {
    const series = [aSample(0, { frames: 0 }), aSample(2, { frames: 100 }), aSample(4, { frames: 400 })]
    series[2]!.receivedAt += 700 // the answer took a while
    expect(rates(series, frames).map((point) => point.value)).toEqual([50, 150])
    expect(recentRate(series, frames)).toBe(100)
  })

  it('of now look at the last ten seconds alone', () => {
    const series = Array.from({ length: 20 }, (_, i) => aSample(i * 2, { frames: i < 12 ? 0 : (i - 12) * 20 }))
    expect(recentRate(series, frames)).toBe(10)
  })

  it('are not known from one answer, nor where a total went back', () => {
    expect(recentRate([aSample(0)], frames)).toBe(null)
    expect(recentRate([], frames)).toBe(null)
    expect(rates([aSample(0, { frames: 9 }), aSample(2, { frames: 3 })], frames)).toEqual([{ time: 2_000, value: null }])
  })

  it('bridge a pause of the page', () => {
    expect(recentRate([aSample(0, { frames: 0 }), aSample(100, { frames: 1_000 })], frames)).toBe(10)
  })

  it('have values of now beside them', () => {
    expect(gauge([aSample(2, { connections: 7 })], (f) => f.now.connections)).toEqual([{ time: 2_000, value: 7 }])
  })
})

describe('delays', () => {
  const at = (counts: number[]) => aSample(0, { lag: counts }).figures

  it('are read from what the buckets grew by', () => {
    const before = at([1_000, 1_000, 1_000, 1_000])
    expect(lagBetween(before, at([1_050, 1_100, 1_100, 1_100]), 0.5)).toBeCloseTo(0.001)
    expect(lagBetween(before, at([1_050, 1_100, 1_100, 1_100]), 0.75)).toBeCloseTo(0.0055)
    expect(lagBetween(undefined, at([0, 0, 100, 100]), 0.5)).toBeCloseTo(0.055)
  })

  it('past the largest bound count as that bound', () => {
    expect(lagBetween(at([0, 0, 0, 0]), at([0, 0, 0, 5]), 0.99)).toBe(0.1)
  })

  it('are not known when nothing was sent', () => {
    expect(lagBetween(at([1, 1, 1, 1]), at([1, 1, 1, 1]), 0.5)).toBe(null)
    expect(lagBetween(undefined, aSample(0, { lag: [] }).figures, 0.5)).toBe(null)
    const series = [aSample(0, { lag: [0, 0, 0, 0] }), aSample(2, { lag: [10, 10, 10, 10] }), aSample(4, { lag: [10, 10, 10, 10] })]
    expect(lags(series, 1).map((point) => point.value)).toEqual([0.001, null])
    expect(recentLag(series, 1)).toBe(0.001)
  })
})

describe('counts by reason', () => {
  it('say how many came within the history, the largest first', () => {
    const series = [aSample(0, { gaps: { slow_consumer: 5, quiet: 0 } }), aSample(2, { gaps: { slow_consumer: 7, too_far_behind: 9, quiet: 0 } })]
    expect(counted(series, (f) => f.totals.gaps)).toEqual([
      { name: 'too_far_behind', total: 9, recent: 9 },
      { name: 'slow_consumer', total: 7, recent: 2 },
    ])
    expect(counted([], (f) => f.totals.gaps)).toEqual([])
  })
})

describe('a sparkline', () => {
  it('breaks where nothing is known and where the page did not ask', () => {
    const points = [[0, 1], [2_000, 2], [4_000, null], [6_000, 3], [30_000, 4], [32_000, 5]].map(([time, value]) => ({ time: time!, value: value! }))
    expect(segments(points).map((piece) => piece.map((point) => point.value))).toEqual([[1, 2], [3], [4, 5]])
  })
})
