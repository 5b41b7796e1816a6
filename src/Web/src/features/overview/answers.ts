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

/** Of conversations less is known than of what tasks have in common. */
type RowFigures = Pick<Figures, 'cost' | 'tasks'> & Partial<Figures>

export interface BreakdownAnswer {
  rows: { value: string; title?: string | null; share: number; figures: RowFigures }[]
  other: { groups: number; share: number; figures: RowFigures } | null
}

export interface ConversationCosts {
  conversations: { conversation_id: string; title: string; total_cost_usd: number; total_tasks: number; total_duration_seconds: number; share: number }[]
  other: { conversations: number; share: number; total_cost_usd: number; total_tasks: number } | null
}

/** The costliest conversations, as a breakdown. */
export const breakdownOf = ({ conversations, other }: ConversationCosts): BreakdownAnswer => ({
  rows: conversations.map((row) => ({
    value: row.conversation_id,
    title: row.title,
    share: row.share,
    figures: { cost: row.total_cost_usd, tasks: row.total_tasks, average_duration_seconds: row.total_tasks > 0 ? row.total_duration_seconds / row.total_tasks : 0 },
  })),
  other: other && { groups: other.conversations, share: other.share, figures: { cost: other.total_cost_usd, tasks: other.total_tasks } },
})

export interface HeatMap {
  cells: { day: number; hour: number; tasks: number; cost: number; failed: number; average_duration_seconds: number }[]
}
