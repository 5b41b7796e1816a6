/** Numbers and times as the page shows them. */
const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** A span of time, exact enough to compare and short enough for a column: `0.8 s`, `3 m 04 s`, `2 d 3 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '0 s'
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toString()} s`
  const whole = Math.floor(seconds)
  if (whole < minute) return `${whole} s`
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < hour) return `${Math.floor(whole / minute)} m ${two(whole % minute)} s`
  if (whole < day) return `${Math.floor(whole / hour)} h ${two(Math.floor((whole % hour) / minute))} m`
  return `${Math.floor(whole / day)} d ${Math.floor((whole % day) / hour)} h`
}

/** A span in words for a sentence: one unit, `40 s`, `3 m`, `2 h`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < minute) return `${whole} s`
  if (whole < hour) return `${Math.floor(whole / minute)} m`
  if (whole < day) return `${Math.floor(whole / hour)} h`
  return `${Math.floor(whole / day)} d`
}

/** How long ago, from the reader's view; a clock that is a little ahead is not "in the future". */
export function formatAge(time: number, now: number): string {
  const seconds = (now - time) / 1000
  if (seconds < 5) return 'just now'
  if (seconds < 30 * day) return `${formatSpan(seconds)} ago`
  return formatDay(time)
}

const dateTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
})
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const dayOnly = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })

export const formatAbsolute = (time: number): string => dateTime.format(time)
export const formatClock = (time: number): string => clock.format(time)
export const formatDay = (time: number): string => dayOnly.format(time)

export function formatCost(usd: number): string {
  if (usd === 0) return '$0'
  if (usd < 0.001) return '<$0.001'
  return `$${usd.toFixed(usd < 1 ? 3 : 2)}`
}

export function formatCount(n: number): string {
  if (n < 1_000) return String(n)
  if (n < 1_000_000) return `${trim(n / 1_000)}k`
  return `${trim(n / 1_000_000)}M`
}

/** A number of things per second; `–` while it is not known. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return '–'
  return perSecond >= 10 ? formatCount(Math.round(perSecond)) : (Math.round(perSecond * 10) / 10).toString()
}

export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '–'
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${power === 0 ? Math.round(bytes) : trim(bytes / 1000 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

/** A short delay: `0.4 ms`, `35 ms`, `1.2 s`. */
export function formatDelay(seconds: number | null): string {
  if (seconds === null) return '–'
  const ms = seconds * 1000
  if (ms >= 1000) return `${trim(seconds)} s`
  return `${ms >= 10 ? Math.round(ms) : Math.round(ms * 10) / 10} ms`
}

const trim = (n: number) => (n < 100 ? (Math.floor(n * 10) / 10).toString() : Math.floor(n).toString())

export const plural = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString()} ${n === 1 ? one : many}`

/** The first line of what was asked; a task made by its output alone has none. */
export function taskTitle(inputMessage: string, taskId: string): string {
  const line = inputMessage.split('\n').find((candidate) => candidate.trim() !== '')
  return line?.trim() ?? taskId
}

export const shortId = (id: string): string => (id.length > 22 ? `${id.slice(0, 13)}…${id.slice(-6)}` : id)
