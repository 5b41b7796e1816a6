/** The answers of /api/analytics, as far as the overview reads them (docs/protocol/analytics.md). */
export interface Figures {
  tasks: number
  queued: number
  running: number
  waiting_input: number
  completed: number
  failed: number
  cancelled: number
  success_rate: number
  success_rate_ended: number
  cost: number
  average_cost: number
  input_tokens: number
  output_tokens: number
  total_tokens: number
  average_duration_seconds: number
}

/** Relative; of `success_rate` the difference. Null where there was nothing before. */
export interface Change {
  tasks: number | null
  cost: number | null
  total_tokens: number | null
  average_cost: number | null
  success_rate: number | null
  average_duration_seconds: number | null
}

export interface Summary {
  today_cost: number
  today_tasks: number
  zone: string
  figures: Figures
  today: Figures
  change: Change | null
  today_change: Change | null
}

export interface Bucket {
  timestamp: string
  cost: number
  tasks: number
  completed: number
  failed: number
  tokens: number
  average_duration_seconds: number
}

export interface Series {
  value: string | null
  other: boolean
  cost: number[]
  tasks: number[]
}

export interface Histogram {
  from: string
  to: string
  data: Bucket[]
  series?: Series[]
}

export interface Percentiles {
  count: number
  p50: number | null
  p90: number | null
  p95: number | null
  p99: number | null
}

export interface Latency {
  from: string
  to: string
  data: { timestamp: string; tasks: number; duration: Percentiles; queue_time: Percentiles }[]
}

export interface BreakdownAnswer {
  rows: { value: string; title: string | null; share: number; figures: Figures }[]
  other: { groups: number; share: number; figures: Figures } | null
  total: Figures
}

export interface HeatMap {
  cells: { day: number; hour: number; tasks: number; cost: number; failed: number; average_duration_seconds: number }[]
}
