import { afterEach, describe, expect, it } from 'vitest'
import { chosenColumns } from './columns'
import { noFilters, parseFilters } from './taskFilters'
import { MAX_VIEWS, builtInViews, ownViews, viewSearch, withView } from './views'

afterEach(() => localStorage.clear())

const heard = <T>(store: { get: () => T; subscribe: (listener: () => void) => () => void }): T => {
  const stop = store.subscribe(() => undefined)
  const value = store.get()
  stop()
  return value
}

describe('views', () => {
  it('are the filters and the order, not the place', () => {
    const filters = parseFilters(new URLSearchParams('status=failed&when=today&after=x&per_page=50'))
    expect(viewSearch(filters)).toBe(builtInViews.failedToday.search)
    expect(viewSearch(noFilters)).toBe(builtInViews.all.search)
    expect(builtInViews.expensive.search).toBe('when=7d&sort_by=cost')
  })

  it('take the place of one of the same name, and are bounded', () => {
    const one = { name: 'Mine', search: 'agent=a' }
    expect(withView([one, { name: 'Other', search: '' }], { name: 'Mine', search: 'agent=b' })).toEqual([{ name: 'Other', search: '' }, { name: 'Mine', search: 'agent=b' }])
    const many = Array.from({ length: MAX_VIEWS }, (_, i) => ({ name: `v${i}`, search: '' }))
    expect(withView(many, one)).toHaveLength(MAX_VIEWS)
  })

  it('that are kept survive, and garbage does not break the page', () => {
    localStorage.setItem('groote.task-views', JSON.stringify([{ name: 'Mine', search: 'status=failed,bogus&evil=1' }, null, { name: '' }, 3]))
    expect(heard(ownViews)).toEqual([{ name: 'Mine', search: 'status=failed' }])
    localStorage.setItem('groote.task-views', '{')
    expect(heard(ownViews)).toEqual([])
    localStorage.setItem('groote.task-columns', JSON.stringify(['cost', 'nonsense']))
    expect(heard(chosenColumns)).toEqual(['cost'])
  })
})
