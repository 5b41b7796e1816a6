import { describe, expect, it } from 'vitest'
import type { Health } from '../../api/types'
import { aTask } from '../../test/builders'
import { explainSilence } from './silence'

const now = Date.parse('2026-11-20T10:03:00Z')
const health = (queue: number | null, redis = 'up'): Health => ({ status: 'healthy', queue_length: queue, redis: { status: redis } })
const running = aTask({ status: 'running', started_at: '2026-11-20T10:00:00Z' })
const last = (kind: string, secondsAgo: number, name: string | null = null) => ({ time: now - secondsAgo * 1000, kind, name })

describe('a silent task', () => {
  it.each([
    ['queued, others wait', aTask(), health(4), null, 'Queued for 3 m. 4 tasks wait in the agent queue.'],
    ['queued, one waits', aTask(), health(1), null, 'Queued for 3 m. 1 task waits in the agent queue.'],
    ['queued, queue empty', aTask(), health(0), null, 'Queued for 3 m. It is not in the queue: an engine took it and has not reported, or it was never queued.'],
    ['queued a moment ago', aTask({ created_at: '2026-11-20T10:02:55Z' }), health(0), null, 'Queued for 5 s.'],
    ['queued, Redis down', aTask(), health(0, 'down'), null, 'Queued for 3 m. Redis is down, so no engine can take it.'],
    ['queued, nothing known', aTask(), undefined, null, 'Queued for 3 m.'],
    ['running, speaking', running, health(0), last('output', 29), null],
    ['running, quiet after a call', running, health(0), last('tool_call', 120, 'Bash'), 'No output for 2 m; last was a call of Bash.'],
    ['running, quiet after thinking', running, undefined, last('thinking', 45), 'No output for 45 s; last was thinking.'],
    ['running, never spoke', running, health(0), null, 'Running for 3 m without any output yet.'],
    ['running, Redis down', running, health(0, 'down'), last('output', 10), 'Redis is down: new output cannot arrive. The last came 10 s ago.'],
    ['waiting', aTask({ status: 'waiting_input' }), undefined, last('output', 240), 'The agent has been waiting for an answer for 4 m.'],
    ['done', aTask({ status: 'completed' }), health(0), null, null],
  ])('%s', (_, task, state, activity, text) => {
    expect(explainSilence(task, state, activity, now)).toBe(text)
  })
})
