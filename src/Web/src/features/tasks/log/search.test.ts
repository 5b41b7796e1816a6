import { describe, expect, it } from 'vitest'
import { MAX_PATTERN, findMatches, patternError } from './search'

const find = (texts: string[], text: string, options: Partial<{ regex: boolean; matchCase: boolean }> = {}, limit?: number) => {
  const found = findMatches(texts, { text, regex: false, matchCase: false, ...options }, limit)
  return found.line.map((line, i) => [line, found.start[i], found.end[i]])
}

describe('search', () => {
  it('finds every place, without regard to case unless asked', () => {
    expect(find(['aXbx', 'none', 'xX'], 'x')).toEqual([[0, 1, 2], [0, 3, 4], [2, 0, 1], [2, 1, 2]])
    expect(find(['aXbx'], 'X', { matchCase: true })).toEqual([[0, 1, 2]])
    expect(find(['aaa'], 'aa')).toEqual([[0, 0, 2]])
    expect(find(['aaa'], '')).toEqual([])
  })

  it('marks the right place where lower case is longer than the text', () => {
    expect(find(['İİ error'], 'ERROR')).toEqual([[0, 3, 8]])
    expect(find(['İ (a.b)'], '(A.b)')).toEqual([[0, 2, 7]])
  })

  it('takes patterns, and skips empty matches', () => {
    expect(find(['GET /a 500', 'GET /b 200'], '\\b5\\d\\d\\b', { regex: true })).toEqual([[0, 7, 10]])
    expect(find(['abc'], 'x*', { regex: true })).toEqual([])
    expect(find(['ABC'], 'b', { regex: true, matchCase: true })).toEqual([])
  })

  it('refuses bad patterns with a reason', () => {
    expect(patternError({ text: '(', regex: true, matchCase: false })).toMatch(/./)
    expect(patternError({ text: '(', regex: false, matchCase: false })).toBeNull()
    expect(patternError({ text: 'a'.repeat(MAX_PATTERN + 1), regex: false, matchCase: false })).toMatch(/longer/)
    expect(find(['('], '(', { regex: true })).toEqual([])
    expect(find(['('], '(')).toEqual([[0, 0, 1]])
  })

  it('stops at the limit and says so', () => {
    const found = findMatches(Array.from({ length: 50 }, () => 'xx'), { text: 'x', regex: false, matchCase: false }, 10)
    expect(found.line.length).toBe(10)
    expect(found.truncated).toBe(true)
  })
})
