import { describe, expect, it } from 'vitest'
import { formatAbsolute, formatAge, formatBytes, formatCost, formatCount, formatDelay, formatDuration, formatRate, formatSpan, plural, shortId, taskTitle } from './format'

describe('format', () => {
  it('durations', () => {
    expect([0, 0.84, 9.99, 10, 59.9, 60, 184, 3_600, 3_905, 86_400, 183_600, -1, NaN].map(formatDuration)).toEqual([
      '0 s', '0.8 s', '9.9 s', '10 s', '59 s', '1 m 00 s', '3 m 04 s', '1 h 00 m', '1 h 05 m', '1 d 0 h', '2 d 3 h', '0 s', '0 s',
    ])
    expect([0, 59, 60, 7_200, 200_000].map(formatSpan)).toEqual(['0 s', '59 s', '1 m', '2 h', '2 d'])
  })

  it('rates, sizes and short delays', () => {
    expect([null, 0, 0.04, 2.94, 9.96, 10, 12_345].map(formatRate)).toEqual(['–', '0', '0', '2.9', '10', '10', '12.3k'])
    expect([null, 0, 999, 1_000, 25_340, 219_000_000, 1e15].map(formatBytes)).toEqual(['–', '0 B', '999 B', '1 kB', '25.3 kB', '219 MB', '1000 TB'])
    expect([null, 0.0001, 0.0034, 0.0345, 0.9994, 1.25].map(formatDelay)).toEqual(['–', '0.1 ms', '3.4 ms', '35 ms', '999 ms', '1.2 s'])
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
