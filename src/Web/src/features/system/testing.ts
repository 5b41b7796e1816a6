import type { Counts, Figures, Sample } from './figures'

const START = Date.UTC(2026, 10, 20, 10)

interface Made {
  instance?: string
  started_at?: string
  status?: string
  frames?: number
  connections?: number
  gaps?: Counts
  /** Counts up to 1 ms, 10 ms, 100 ms, and all. */
  lag?: number[]
  postgres?: string
}

/** An answer that came so many seconds after the start. */
export function aSample(second: number, made: Made = {}): Sample {
  return { receivedAt: second * 1000, figures: someFigures(second, made) }
}

export function someFigures(second: number, made: Made = {}): Figures {
  const since = new Date(START).toISOString()
  return {
    at: new Date(START + second * 1000).toISOString(),
    instance: made.instance ?? 'a:1',
    version: '0.1.0',
    started_at: made.started_at ?? 'start',
    status: made.status ?? 'healthy',
    components: {
      postgres: { status: made.postgres ?? 'up', since },
      redis: { status: 'up', since },
      task_log: { status: 'storing', since },
      ingest: { status: 'running', since, inbox_depth: 3, inbox_capacity: 10, stream_pending: 0 },
    },
    now: {
      connections: made.connections ?? 0, subscriptions: 0, queue_length: 0, log_pending_bytes: 0,
      working_set_bytes: 120_000_000, heap_bytes: 40_000_000, thread_pool_queue: 0,
    },
    totals: {
      frames_encoded: 0, frames_sent: made.frames ?? 0, bytes_sent: 0, rows_stored: 0, store_failures: 0, requests: 0, cpu_seconds: 0,
      dropped: {}, gaps: made.gaps ?? {}, disconnects: {}, refused: {}, recoveries: {}, ingested: {},
    },
    lag: (made.lag ?? [0, 0, 0, 0]).map((count, i) => ({ le: [0.001, 0.01, 0.1, null][i]!, count })),
  }
}
