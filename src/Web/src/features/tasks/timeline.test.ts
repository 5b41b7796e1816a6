import { describe, expect, it } from 'vitest'
import { aTask } from '../../test/builders'
import { statusChanges, timelineOf } from './timeline'

const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 10, 0, second)).toISOString()
const change = (offset: number, status: string, second: number, previous: string | null = 'other') =>
  ({ type: 'status', offset, index: 0, time: at(second), status, previous, data: {} }) as const
const show = (...args: Parameters<typeof timelineOf>) => timelineOf(...args).map(({ status, seconds }) => [status, seconds])

describe('the timeline', () => {
  const task = aTask({ status: 'completed', created_at: at(0), started_at: at(5), completed_at: at(30) })

  it('comes from the task where the log is not loaded', () => {
    expect(show(task, [])).toEqual([['queued', 5], ['running', 25], ['completed', null]])
    expect(show(aTask({ created_at: at(0) }), [])).toEqual([['queued', null]])
  })

  it('takes every change from the log, and says nothing twice', () => {
    const changes = statusChanges([
      change(1, 'queued', 0, null), change(4, 'in_progress', 5), change(5, 'running', 6, null), change(7, 'waiting_input', 10), change(9, 'running', 20), change(12, 'completed', 30),
    ])
    expect(show(task, changes)).toEqual([['queued', 5], ['running', 5], ['waiting_input', 10], ['running', 10], ['completed', null]])
  })

  it('adds what the loaded end of a long log does not hold', () => {
    expect(show(task, statusChanges([change(900, 'completed', 30)]))).toEqual([['queued', 5], ['running', 25], ['completed', null]])
  })

  it('knows no queue for a task that its own output made', () => {
    expect(show(aTask({ status: 'running', created_at: at(3), started_at: at(3) }), [])).toEqual([['running', null]])
  })

  it('has the end where a stop came before the start', () => {
    expect(show(aTask({ status: 'cancelled', created_at: at(0), completed_at: at(4) }), [])).toEqual([['queued', 4], ['cancelled', null]])
  })
})
