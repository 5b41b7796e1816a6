import { describe, expect, it } from 'vitest'
import { formatAbsolute, formatAge, formatCost, formatCount, formatDuration, formatSpan, plural, shortId, taskTitle } from './format'

describe('format', () => {
  it('durations', () => {
    expect([0, 0.84, 9.99, 10, 59.9, 60, 184, 3_600, 3_905, 86_400, 183_600, -1, NaN].map(formatDuration)).toEqual([
      '0 s', '0.8 s', '9.9 s', '10 s', '59 s', '1 m 00 s', '3 m 04 s', '1 h 00 m', '1 h 05 m', '1 d 0 h', '2 d 3 h', '0 s', '0 s',
    ])
    expect([0, 59, 60, 7_200, 200_000].map(formatSpan)).toEqual(['0 s', '59 s', '1 m', '2 h', '2 d'])
  })

  it('ages, also with a clock that runs ahead', () => {
    const now = Date.UTC(2026, 10, 20, 12)
    const ago = (seconds: number) => formatAge(now - seconds * 1000, now)
    expect([-30, 0, 4, 5, 90, 7_200, 172_800].map(ago)).toEqual(['just now', 'just now', 'just now', '5 s ago', '1 m ago', '2 h ago', '2 d ago'])
    expect(ago(90 * 86_400)).toMatch(/2026/)
    expect(formatAbsolute(now)).toMatch(/2026/)
  })

  it('money and counts', () => {
    expect([0, 0.0004, 0.0421, 0.9999, 1, 12.345].map(formatCost)).toEqual(['$0', '<$0.001', '$0.042', '$1.000', '$1.00', '$12.35'])
    expect([0, 999, 1_000, 48_213, 999_999, 1_250_000].map(formatCount)).toEqual(['0', '999', '1k', '48.2k', '999k', '1.2M'])
    expect([plural(1, 'task'), plural(0, 'task'), plural(2, 'entry', 'entries')]).toEqual(['1 task', '0 tasks', '2 entries'])
  })

  it('titles and ids', () => {
    expect(taskTitle('\n  Fix it  \nmore', 'task-1')).toBe('Fix it')
    expect(taskTitle(' \n', 'task-1')).toBe('task-1')
    expect(shortId('task-1')).toBe('task-1')
    expect(shortId('task-0193c5d2-7c1e-7abc-9def-0123456789ab')).toBe('task-0193c5d2…6789ab')
  })
})
