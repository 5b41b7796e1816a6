import { describe, expect, it } from 'vitest'
import { type TaskFilters, isFiltered, matches, noFilters, parseFilters, timeRange, toApiQuery, toSearch } from './taskFilters'

const parse = (query: string) => parseFilters(new URLSearchParams(query))

describe('filters in the address', () => {
  it('survive being written and read', () => {
    const filters: TaskFilters = { status: ['running', 'failed'], agent: 'brain/1 & co', when: '2026-11-20', page: 3, perPage: 50 }
    expect(parseFilters(toSearch(filters))).toEqual(filters)
    expect(toSearch(noFilters).toString()).toBe('')
  })

  it('fall back where the address makes no sense', () => {
    expect(parse('status=running,bogus,&when=yesterdayish&page=-1&per_page=7')).toEqual({ ...noFilters, status: ['running'] })
    expect(parse('page=1.5&per_page=1e9&when=2026-13-45')).toEqual(noFilters)
    expect(isFiltered(parse('page=4'))).toBe(false)
    expect(isFiltered(parse('when=today'))).toBe(true)
  })
})

describe('time', () => {
  const now = new Date(2026, 10, 20, 15, 30)

  it('is the reader\'s: days begin at local midnight and end before the next', () => {
    expect(timeRange('today', now)).toEqual({ from: new Date(2026, 10, 20) })
    expect(timeRange('yesterday', now)).toEqual({ from: new Date(2026, 10, 19), to: new Date(2026, 10, 20) })
    expect(timeRange('2026-03-29', now)).toEqual({ from: new Date(2026, 2, 29), to: new Date(2026, 2, 30) })
    expect(timeRange('24h', now)).toEqual({ from: new Date(2026, 10, 19, 15, 30) })
    expect(timeRange('', now)).toEqual({})
  })

  it('reaches the API as moments', () => {
    const query = new URLSearchParams(toApiQuery({ ...noFilters, status: ['queued', 'running'], agent: 'brain', when: 'yesterday' }, now))
    expect(Object.fromEntries(query)).toEqual({
      status: 'queued,running', agent: 'brain', page: '1', per_page: '20',
      date_from: new Date(2026, 10, 19).toISOString(), date_to: new Date(2026, 10, 20).toISOString(),
    })
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
