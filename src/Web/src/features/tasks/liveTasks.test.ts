import { describe, expect, it } from 'vitest'
import { aStatusFrame, aTask } from '../../test/builders'
import { type Counts, applyStatus, applyToCounts, runSeconds } from './liveTasks'
import { comesIn } from './useLiveList'
import { noFilters } from './taskFilters'

describe('a status frame', () => {
  it('changes its own task, once', () => {
    const running = applyStatus(aTask(), aStatusFrame({ status: 'in_progress' }))
    expect(running).toMatchObject({ status: 'running', started_at: '2026-11-20T10:00:05Z', version: 2 })
    expect(applyStatus(running, aStatusFrame({ status: 'queued' }))).toBe(running)
    expect(applyStatus(running, aStatusFrame({ task_id: 'other', version: 9 }))).toBe(running)
    expect(applyStatus(running, aStatusFrame({ status: 'exploded', version: 9 }))).toBe(running)
  })

  it('brings the figures of the end', () => {
    const task = aTask({ status: 'running', started_at: '2026-11-20T10:00:00Z', version: 2 })
    expect(applyStatus(task, aStatusFrame({ status: 'completed', version: 3, cost_usd: 0.5, input_tokens: 10, duration_seconds: 4.5 }))).toMatchObject({
      status: 'completed', cost_usd: 0.5, input_tokens: 10, duration_seconds: 4.5, completed_at: '2026-11-20T10:00:05Z',
    })
  })
})

describe('counts', () => {
  const counts: Counts = { queued: 1, running: 2, waiting_input: 0, failed_today: 3 }

  it('move with the task', () => {
    expect(applyToCounts(counts, aStatusFrame())).toEqual({ ...counts, queued: 0, running: 3 })
    expect(applyToCounts(counts, aStatusFrame({ previous: 'running', status: 'failed' }))).toEqual({ ...counts, running: 1, failed_today: 4 })
    expect(applyToCounts(counts, aStatusFrame({ previous: 'running', status: 'waiting_input' }))).toEqual({ ...counts, running: 1, waiting_input: 1 })
  })

  it('take a new task, and no report that changes nothing', () => {
    const { previous: _, ...created } = aStatusFrame({ status: 'queued', version: 1 })
    expect(applyToCounts(counts, created)).toEqual({ ...counts, queued: 2 })
    expect(applyToCounts(counts, { ...created, status: 'running', version: 5 })).toBe(counts)
    expect(applyToCounts(counts, aStatusFrame({ previous: 'running', status: 'in_progress' }))).toBe(counts)
  })
})

describe('what is new in a view', () => {
  it('is a new task, or one that a filter on the status now lets in', () => {
    const { previous: _, ...created } = aStatusFrame({ status: 'queued', version: 1 })
    expect(comesIn(noFilters, created)).toBe(true)
    expect(comesIn(noFilters, aStatusFrame())).toBe(false)
    expect(comesIn({ ...noFilters, status: ['running'] }, aStatusFrame())).toBe(true)
    expect(comesIn({ ...noFilters, status: ['running', 'queued'] }, aStatusFrame())).toBe(false)
    expect(comesIn({ ...noFilters, status: ['failed'] }, created)).toBe(false)
  })
})

describe('run time', () => {
  const now = Date.parse('2026-11-20T10:01:00Z')
  it('ticks while it runs and is what the engine says afterwards', () => {
    expect(runSeconds(aTask(), now)).toBeNull()
    expect(runSeconds(aTask({ status: 'running', started_at: '2026-11-20T10:00:30Z' }), now)).toBe(30)
    expect(runSeconds(aTask({ status: 'completed', started_at: '2026-11-20T10:00:30Z', completed_at: '2026-11-20T10:00:40Z' }), now)).toBe(10)
    expect(runSeconds(aTask({ status: 'completed', started_at: '2026-11-20T10:00:30Z', duration_seconds: 7 }), now)).toBe(7)
  })
})
