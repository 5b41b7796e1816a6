import type { Period } from './range'

/** Times of buckets, in the zone of the view. */
export function timeFormat(zone: string, period: Period): (time: number) => string {
  const day = { year: 'numeric', month: 'short', day: 'numeric' } as const
  const format = new Intl.DateTimeFormat(undefined, {
    timeZone: zone,
    ...(period === 'month' ? { year: 'numeric', month: 'long' } : period === 'day' ? { weekday: 'short', ...day } : period === 'week' ? day : { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  })
  return (time) => (period === 'week' ? `Week from ${format.format(time)}` : format.format(time))
}

export const formatPercent = (part: number): string => `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`

/** `+12 %`, `−3 %`, `±0 %`; null where there was nothing to compare with. */
export function formatChange(change: number | null): string | null {
  if (change === null || !Number.isFinite(change)) return null
  const percent = Math.round(Math.abs(change) * 100)
  if (percent === 0) return '±0 %'
  return `${change > 0 ? '+' : '−'}${percent > 999 ? '>999' : percent} %`
}

/** What a value of a dimension is called. */
export const nameOf = (value: string | null, other = false): string => (other ? 'Other' : value === '' || value === null ? 'unknown' : value)
