/**
 * Names of log lines. A line is named by the offset of the chunk in which it starts, and its place among
 * the lines that start there: `L120` is the first, `L120.3` the fourth. Offsets never change, so neither
 * do links.
 */
export interface LineAddress {
  offset: number
  index: number
}

export interface LineRange {
  from: LineAddress
  to: LineAddress
}

export const compareAddress = (a: LineAddress, b: LineAddress): number => a.offset - b.offset || a.index - b.index

export const formatAddress = ({ offset, index }: LineAddress): string => (index === 0 ? `L${offset}` : `L${offset}.${index}`)

export function formatRange({ from, to }: LineRange): string {
  return compareAddress(from, to) === 0 ? formatAddress(from) : `${formatAddress(from)}-${formatAddress(to)}`
}

const pattern = /^#?L(\d{1,15})(?:\.(\d{1,9}))?(?:-L?(\d{1,15})(?:\.(\d{1,9}))?)?$/

export function parseRange(hash: string): LineRange | null {
  const match = pattern.exec(hash)
  if (!match) return null
  const from = { offset: Number(match[1]), index: Number(match[2] ?? 0) }
  const to = match[3] === undefined ? from : { offset: Number(match[3]), index: Number(match[4] ?? 0) }
  if (from.offset === 0 || to.offset === 0) return null
  return orderedRange(from, to)
}

export const orderedRange = (a: LineAddress, b: LineAddress): LineRange =>
  compareAddress(a, b) <= 0 ? { from: a, to: b } : { from: b, to: a }

export const inRange = (address: LineAddress, range: LineRange | null): boolean =>
  range !== null && compareAddress(address, range.from) >= 0 && compareAddress(address, range.to) <= 0

/** Lines as a Markdown quote that links back. The fence is longer than any run of backticks inside. */
export function markdownQuote(lines: readonly string[], title: string, url: string): string {
  const longest = lines.reduce((max, line) => Math.max(max, ...(line.match(/`+/g) ?? []).map((run) => run.length)), 0)
  const fence = '`'.repeat(Math.max(3, longest + 1))
  const label = title.replace(/([\\[\]])/g, '\\$1')
  return [`> [${label}](${url})`, `> ${fence}`, ...lines.map((line) => `> ${line}`.trimEnd()), `> ${fence}`, ''].join('\n')
}
