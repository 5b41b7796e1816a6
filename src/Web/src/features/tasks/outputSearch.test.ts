import { describe, expect, it } from 'vitest'
import { type SearchHit, cutAtMatches, groupHits, hitLink } from './outputSearch'

const hit = (change: Partial<SearchHit> = {}): SearchHit => ({
  task_id: 'task-1', status: 'completed', input_message: 'Fix', assigned_agent: 'brain', created_at: '2026-11-20T10:00:00Z', in: 'output', snippet: 'say a & b', ranges: [[4, 9]], address: 'L12.3', ...change,
})

describe('hits', () => {
  it('are cut at the matches, whatever the ranges', () => {
    expect(cutAtMatches('say hello twice hello', [[16, 21], [4, 9]])).toEqual([
      { text: 'say ', match: false }, { text: 'hello', match: true }, { text: ' twice ', match: false }, { text: 'hello', match: true },
    ])
    expect(cutAtMatches('abc', [[0, 3], [1, 2], [2, 2], [2, 99]])).toEqual([{ text: 'abc', match: true }])
    expect(cutAtMatches('', [])).toEqual([])
  })

  it('lead to their line, with the log searched for the same', () => {
    expect(hitLink(hit())).toBe('/tasks/task-1?q=a+%26+b#L12.3')
    expect(hitLink(hit({ ranges: [] }))).toBe('/tasks/task-1#L12.3')
    expect(hitLink(hit({ in: 'error', address: null, task_id: 'a/b' }))).toBe('/tasks/a%2Fb')
    expect(hitLink(hit({ address: 'javascript:alert(1)' }))).toBe('/tasks/task-1')
  })

  it('of one task stand together', () => {
    expect(groupHits([hit(), hit({ task_id: 'task-2' }), hit({ address: 'L13' })]).map((group) => group.length)).toEqual([2, 1])
  })
})
