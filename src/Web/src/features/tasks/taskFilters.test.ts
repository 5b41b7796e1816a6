import { describe, expect, it } from 'vitest'
import { type TaskFilters, countFilters, daysOf, isAtTop, isFiltered, isKnowable, matches, noFilters, parseFilters, timeRange, toApiQuery, toSearch } from './taskFilters'

const parse = (query: string) => parseFilters(new URLSearchParams(query))

describe('filters in the address', () => {
  it('survive being written and read', () => {
    const filters: TaskFilters = {
      status: ['running', 'failed'], agent: 'brain/1 & co', agent_type: 'webhook', source: 'github', session: 's-1', conversation: 'c#1', flow_id: 'github:a/b#4',
      parent: 'task-0', text: '100% "quoted"', when: '2026-11-01..', cost_min: 0.5, cost_max: null, duration_min: null, duration_max: 3600,
      sortBy: 'cost', sortOrder: 'asc', after: 'abc=', before: '', perPage: 50, inOutput: true,
    }
    expect(parseFilters(toSearch(filters))).toEqual(filters)
    expect(toSearch(noFilters).toString()).toBe('')
  })

  it('fall back where the address makes no sense', () => {
    expect(parse('status=running,bogus,&when=yesterdayish&sort_by=drop&sort_order=up&per_page=7')).toEqual({ ...noFilters, status: ['running'] })
    expect(parse('cost_min=-1&duration_max=1e9&per_page=1e9&when=2026-13-45')).toEqual(noFilters)
    expect(isFiltered(parse('after=x&sort_by=cost&per_page=50'))).toBe(false)
    expect(isFiltered(parse('when=today'))).toBe(true)
    expect(countFilters(parse('status=failed&cost_min=1&cost_max=2&text=x'))).toBe(3)
  })

  it('know a day, days, and open ends', () => {
    expect(['2026-11-20', '2026-11-01..2026-11-03', '2026-11-01..', '..2026-11-03', '..', 'x..y', '2026-11-01..2026-11-02..'].map(daysOf)).toEqual([
      { from: '2026-11-20', to: '2026-11-20' }, { from: '2026-11-01', to: '2026-11-03' }, { from: '2026-11-01', to: '' }, { from: '', to: '2026-11-03' }, null, null, null,
    ])
  })

  it('tell where new tasks come in, and whether a frame says enough to know', () => {
    expect(['', 'status=running', 'sort_by=cost', 'after=x', 'sort_order=asc'].map((query) => isAtTop(parse(query)))).toEqual([true, true, false, false, false])
    expect(['status=running&agent=a&when=7d', 'text=a', 'cost_min=1'].map((query) => isKnowable(parse(query)))).toEqual([true, false, false])
  })
})

describe('time', () => {
  const now = new Date(2026, 10, 20, 15, 30)

  it('is the reader\'s: days begin at local midnight and end before the next', () => {
    expect(timeRange('today', now)).toEqual({ from: new Date(2026, 10, 20) })
    expect(timeRange('yesterday', now)).toEqual({ from: new Date(2026, 10, 19), to: new Date(2026, 10, 20) })
    expect(timeRange('2026-03-29', now)).toEqual({ from: new Date(2026, 2, 29), to: new Date(2026, 2, 30) })
    expect(timeRange('24h', now)).toEqual({ from: new Date(2026, 10, 19, 15, 30) })
    expect(timeRange('2026-11-01..2026-11-03', now)).toEqual({ from: new Date(2026, 10, 1), to: new Date(2026, 10, 4) })
    expect(timeRange('..2026-11-03', now)).toEqual({ to: new Date(2026, 10, 4) })
    expect(timeRange('', now)).toEqual({})
  })

  it('reaches the API as moments', () => {
    const query = new URLSearchParams(toApiQuery({ ...noFilters, status: ['queued', 'running'], agent: 'brain', when: 'yesterday' }, now))
    expect(Object.fromEntries(query)).toEqual({
      status: 'queued,running', agent: 'brain', per_page: '20',
      date_from: new Date(2026, 10, 19).toISOString(), date_to: new Date(2026, 10, 20).toISOString(),
    })
  })
})

describe('order and place', () => {
  it('reach the API only where they are not the usual', () => {
    const query = (search: string) => Object.fromEntries(new URLSearchParams(toApiQuery(parse(search), new Date())))
    expect(query('sort_by=cost&after=abc&cost_min=0.5&text=x y')).toEqual({ sort_by: 'cost', sort_order: 'desc', after: 'abc', cost_min: '0.5', text: 'x y', per_page: '20' })
    expect(query('')).toEqual({ per_page: '20' })
  })
})

describe('what belongs to a view', () => {
  it('goes by status and agent, and by the day only when that is over', () => {
    const task = { status: 'running' as const, assigned_agent: 'brain' }
    expect(matches(noFilters, task)).toBe(true)
    expect(matches({ ...noFilters, status: ['failed'] }, task)).toBe(false)
    expect(matches({ ...noFilters, agent: 'planning' }, task)).toBe(false)
    expect(matches({ ...noFilters, agent: 'planning' }, { status: 'running' })).toBe(true)
    expect(matches({ ...noFilters, when: 'today' }, task)).toBe(true)
    expect(matches({ ...noFilters, when: 'yesterday' }, task)).toBe(false)
    expect(matches({ ...noFilters, when: '2020-01-01' }, task)).toBe(false)
  })
})
