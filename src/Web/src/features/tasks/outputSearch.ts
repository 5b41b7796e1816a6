/** Hits of the search in what tasks were asked and have put out, as the page shows them. Pure. */
import type { TaskStatus } from '../../api/types'
import { formatAddress } from './log/lineAddress'

export interface SearchHit {
  task_id: string
  status: TaskStatus
  input_message: string
  assigned_agent: string | null
  created_at: string
  /** Where it was found: `input`, `output`, `result` or `error`. */
  field: string
  snippet: string
  /** Start and end of each match in the snippet, in characters. */
  ranges: readonly (readonly [number, number])[]
  /** Of output: the entry of the log, and the line within it, from 0. */
  offset: number | null
  line: number | null
}

export interface SearchPage {
  items: SearchHit[]
  next: string | null
}

/** Text cut at the borders of the matches; ranges that make no sense are left out. */
export function cutAtMatches(text: string, ranges: SearchHit['ranges']): { text: string; match: boolean }[] {
  const pieces: { text: string; match: boolean }[] = []
  let at = 0
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (start < at || end <= start || end > text.length) continue
    if (start > at) pieces.push({ text: text.slice(at, start), match: false })
    pieces.push({ text: text.slice(start, end), match: true })
    at = end
  }
  if (at < text.length) pieces.push({ text: text.slice(at), match: false })
  return pieces
}

/** The task, with the log searched for the same text, at the line of the hit. */
export function hitLink(hit: SearchHit, text: string): string {
  const search = new URLSearchParams({ q: text })
  const hash = hit.offset === null ? '' : `#${formatAddress({ offset: hit.offset, index: hit.line ?? 0 })}`
  return `/tasks/${encodeURIComponent(hit.task_id)}${hit.field === 'output' ? `?${search}` : ''}${hash}`
}

/** Hits of one task that follow one another stand together. */
export function groupHits(hits: readonly SearchHit[]): SearchHit[][] {
  const groups: SearchHit[][] = []
  for (const hit of hits) {
    const last = groups.at(-1)
    if (last?.[0]?.task_id === hit.task_id) last.push(hit)
    else groups.push([hit])
  }
  return groups
}
