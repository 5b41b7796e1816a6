/** Exponential back-off with full jitter: a fleet of tabs must not come back in step. */
export interface BackoffOptions {
  firstMs: number
  maxMs: number
}

export const defaultBackoff: BackoffOptions = { firstMs: 500, maxMs: 30_000 }

export function backoffCeiling(attempt: number, { firstMs, maxMs }: BackoffOptions = defaultBackoff): number {
  // 2 ** 30 is past any ceiling already; capping the exponent keeps the product finite for ever.
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(attempt, 0), 30))
}

export function backoffDelay(
  attempt: number,
  random: () => number = Math.random,
  options: BackoffOptions = defaultBackoff,
): number {
  return Math.round(random() * backoffCeiling(attempt, options))
}
