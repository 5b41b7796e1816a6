/** Budgets as the server has them, and the sentences that say how they stand. Pure. */
import { formatCost } from '../../lib/format'
import { isZone } from '../overview/range'

export const budgetPeriods = ['day', 'week', 'month'] as const
export const budgetScopes = ['everything', 'agent', 'source'] as const
export const budgetActions = ['notify', 'block_chat'] as const

/** What a person sets. */
export interface BudgetTerms {
  name: string
  amount_usd: number
  period: (typeof budgetPeriods)[number]
  zone: string
  scope: (typeof budgetScopes)[number]
  scope_value: string | null
  thresholds: number[]
  action: (typeof budgetActions)[number]
}

export interface Budget extends BudgetTerms {
  budget_id: string
  from: string
  to: string
  spent_usd: number
  percent: number
  status: 'ok' | 'warning' | 'exceeded'
  /** Null while there is nothing to go by. */
  forecast: { expected_usd: number; runs_out_at: string | null } | null
}

export interface Trip {
  trip_id: number
  budget_id: string
  period_start: string
  threshold: number
  spent_usd: number
  amount_usd: number
  tripped_at: string
}

export const periodWords: Record<Budget['period'], string> = { day: 'per day', week: 'per week', month: 'per month' }

export const scopeWords = ({ scope, scope_value }: Pick<Budget, 'scope' | 'scope_value'>): string =>
  scope === 'everything' ? 'all tasks' : `${scope} ${scope_value}`

/** A moment in the zone of the budget: that is where its days begin. */
export function timeIn(zone: string, time: string): string {
  return new Intl.DateTimeFormat(undefined, { timeZone: isZone(zone) ? zone : 'UTC', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(Date.parse(time))
}

/** Where it leads, in one sentence. */
export function outlook(budget: Budget): string {
  const end = timeIn(budget.zone, budget.to)
  if (budget.status === 'exceeded') return budget.action === 'block_chat' ? `Spent: chat is stopped until ${end}` : `Spent; begins anew ${end}`
  if (budget.forecast === null) return budget.spent_usd > 0 ? 'Too early for a forecast' : `Nothing spent; until ${end}`
  const { expected_usd, runs_out_at } = budget.forecast
  return runs_out_at === null ? `${formatCost(expected_usd)} expected by ${end}` : `Runs out ${timeIn(budget.zone, runs_out_at)}; ${formatCost(expected_usd)} expected by ${end}`
}

/** The percentages that somebody typed, such as `50, 80`; null where they are none. */
export function parseThresholds(text: string): number[] | null {
  const values = text.split(/[\s,;%]+/).filter((part) => part !== '').map(Number)
  return values.every(Number.isInteger) ? values : null
}
