import { describe, expect, it } from 'vitest'
import { breakdownOf } from './answers'
import { formatChange, nameOf } from './format'
import { questions } from './queries'
import { fromLocal, toLocal } from './RangePicker'
import { type View, brushed, fits, ownZone, parseView, periodOf, rangeOf, toSearch } from './range'

const view = (change: Partial<View> = {}): View => ({ ...parseView(new URLSearchParams('zone=UTC')), ...change })
const now = Date.parse('2026-11-20T10:07:30Z')

describe('the address', () => {
  it('says everything, and nothing that goes without saying', () => {
    const search = 'from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&zone=Asia/Tokyo&period=hour&by=model&measure=tasks&latency=queue_time&breakdown=user&table=cost,week'
    const parsed = parseView(new URLSearchParams(search))
    expect(decodeURIComponent(toSearch(parsed).toString())).toBe(search)
    expect(parseView(toSearch(parsed))).toEqual(parsed)
    expect(toSearch(parseView(new URLSearchParams())).toString()).toBe('')
    expect(toSearch(view({ preset: '7d', zone: ownZone() })).toString()).toBe('range=7d')
  })

  it('that makes no sense is one that does', () => {
    const parsed = parseView(new URLSearchParams('range=ever&from=2026-11-03&to=2026-11-02&zone=Mars/Base&period=aeon&by=colour&table=all&breakdown=x'))
    expect(parsed).toMatchObject({ preset: '30d', from: null, zone: ownZone(), period: null, by: 'agent', breakdown: 'agent', tables: [] })
  })
})

describe('the breakdown by conversation', () => {
  it('is asked for where conversations are, by moments', () => {
    expect(questions.breakdown(view({ preset: '7d', zone: 'Asia/Kolkata', breakdown: 'conversation' }), now))
      .toBe('/api/analytics/conversations?start_date=2026-11-13T18%3A30%3A00Z&order=cost&limit=10')
    const custom = view({ preset: null, from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z', breakdown: 'conversation' })
    expect(questions.breakdown(custom, now)).toBe('/api/analytics/conversations?start_date=2026-11-01T00%3A00%3A00Z&end_date=2026-11-02T00%3A00%3A00Z&order=cost&limit=10')
    expect(questions.breakdown(view({ breakdown: 'user' }), now)).toContain('breakdown?from=2026-10-22&zone=UTC&by=user')
  })

  it('has what is known of conversations', () => {
    const costs = {
      conversations: [{ conversation_id: 'c1', title: 'Fix it', total_cost_usd: 3, total_tasks: 2, total_duration_seconds: 20, share: 0.75 }],
      other: { conversations: 4, share: 0.25, total_cost_usd: 1, total_tasks: 5 },
    }
    expect(breakdownOf(costs)).toEqual({
      rows: [{ value: 'c1', title: 'Fix it', share: 0.75, figures: { cost: 3, tasks: 2, average_duration_seconds: 10 } }],
      other: { groups: 4, share: 0.25, figures: { cost: 1, tasks: 5 } },
    })
    expect(breakdownOf({ conversations: [], other: null })).toEqual({ rows: [], other: null })
  })
})

describe('a range', () => {
  it('is of whole days of the zone, and moves with the day', () => {
    expect(rangeOf(view({ preset: 'today' }), now)).toEqual({ from: '2026-11-20' })
    expect(rangeOf(view({ preset: 'today', zone: 'Asia/Tokyo' }), Date.parse('2026-11-20T16:00:00Z'))).toEqual({ from: '2026-11-21' })
    expect(rangeOf(view({ preset: '7d' }), now)).toEqual({ from: '2026-11-14' })
    expect(rangeOf(view({ preset: '24h' }), now)).toEqual({ from: '2026-11-19T10:00:00Z' })
    expect(rangeOf(view({ preset: null, from: 'a', to: 'b' }), now)).toEqual({ from: 'a', to: 'b' })
  })

  it('has steps that fit it', () => {
    const custom = (hours: number, period: View['period'] = null) => view({ preset: null, from: '2026-01-01T00:00:00Z', to: new Date(Date.UTC(2026, 0, 1, hours)).toISOString(), period })
    expect([3, 48, 24 * 30, 24 * 400, 24 * 2_000].map((hours) => periodOf(custom(hours)))).toEqual(['quarter_hour', 'hour', 'day', 'week', 'month'])
    expect(periodOf(custom(24 * 100, 'quarter_hour'))).toBe('quarter_hour')
    // 365 days of quarter hours are more than the server gives.
    expect(periodOf(custom(24 * 365, 'quarter_hour'))).toBe('week')
    expect([fits(custom(1), 'day'), fits(custom(48), 'day'), fits(custom(24 * 365), 'quarter_hour')]).toEqual([false, true, false])
  })

  it('that is marked in a chart is of whole buckets', () => {
    const times = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'].map((day) => Date.parse(day))
    const end = Date.parse('2026-11-04T10:00:00Z')
    const at = (hour: string) => Date.parse(`2026-11-${hour}:00:00Z`)
    expect(brushed(times, at('02T05'), at('03T05'), end)).toEqual({ from: '2026-11-02T00:00:00Z', to: '2026-11-04T00:00:00Z' })
    expect(brushed(times, at('03T05'), at('04T05'), end)).toEqual({ from: '2026-11-03T00:00:00Z', to: '2026-11-04T10:00:00Z' })
    expect(brushed(times, at('01T00') - 1, at('01T01'), end)).toEqual({ from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' })
    // Up to the right edge, which is where the last bucket begins.
    expect(brushed(times, at('03T00'), at('04T00'), end)).toEqual({ from: '2026-11-03T00:00:00Z', to: '2026-11-04T10:00:00Z' })
    expect(brushed([], 0, 1, end)).toBeNull()
  })

  it('is asked for as it is shown, also as a file', () => {
    expect(questions.histogram(view({ preset: '7d', zone: 'Europe/Berlin', by: 'source' }), now)).toBe('/api/analytics/costs/histogram?from=2026-11-14&zone=Europe%2FBerlin&period=day&by=source&top=8')
  })
})

describe('the clock of a zone', () => {
  it('is read and set, also where clocks change', () => {
    expect(toLocal(Date.parse('2026-07-01T10:00:00Z'), 'Europe/Berlin')).toBe('2026-07-01T12:00')
    for (const [text, zone] of [['2026-07-01T12:00', 'Europe/Berlin'], ['2026-03-29T03:30', 'Europe/Berlin'], ['2026-10-25T00:30', 'Europe/Berlin'], ['2026-01-01T00:00', 'Asia/Kolkata'], ['2026-12-31T23:59', 'Pacific/Kiritimati']] as const) {
      expect([zone, text, toLocal(fromLocal(text, zone)!, zone)]).toEqual([zone, text, text])
    }
    expect(fromLocal('', 'UTC')).toBeNull()
  })
})

it('changes and names read as words', () => {
  expect([0.124, -0.034, 0, 0.001, null, 25, Infinity].map(formatChange)).toEqual(['+12 %', '−3 %', '±0 %', '±0 %', null, '+>999 %', null])
  expect([nameOf('brain'), nameOf(''), nameOf(null, true)]).toEqual(['brain', 'unknown', 'Other'])
})
