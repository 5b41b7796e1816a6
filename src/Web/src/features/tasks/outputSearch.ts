/** Hits of the search in what tasks were asked and have put out, as the page shows them. Pure. */
import type { TaskStatus } from '../../api/types'
import { parseRange } from './log/lineAddress'

export interface SearchHit {
  task_id: string
  status: TaskStatus
  input_message: string
  assigned_agent: string | null
  created_at: string
  /** Where it was found. */
  in: 'input' | 'output' | 'result' | 'error'
  /** Of output: the name of the line, such as `L120.3`. */
  address: string | null
  snippet: string
  /** Start and end of each match in the snippet, in characters. */
  ranges: readonly (readonly number[])[]
}

export interface SearchPage {
  items: SearchHit[]
  next: string | null
  /** False where time ran out: what is older was not searched, until one goes on. */
  complete: boolean
}

/** Text cut at the borders of the matches; ranges that make no sense are left out. */
export function cutAtMatches(text: string, ranges: SearchHit['ranges']): { text: string; match: boolean }[] {
  const pieces: { text: string; match: boolean }[] = []
  let at = 0
  for (const [start = 0, end = 0] of [...ranges].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
    if (start < at || end <= start || end > text.length) continue
    if (start > at) pieces.push({ text: text.slice(at, start), match: false })
    pieces.push({ text: text.slice(start, end), match: true })
    at = end
  }
  if (at < text.length) pieces.push({ text: text.slice(at), match: false })
  return pieces
}

/** The task, at the line of the hit, with its log searched for what was found there. */
export function hitLink(hit: SearchHit): string {
  const path = `/tasks/${encodeURIComponent(hit.task_id)}`
  if (hit.address === null || parseRange(hit.address) === null) return path
  const found = cutAtMatches(hit.snippet, hit.ranges).find((piece) => piece.match)
  return `${path}${found ? `?${new URLSearchParams({ q: found.text })}` : ''}#${hit.address}`
}

/** Hits of one task stand together, where the first of them was found. */
export const groupHits = (hits: readonly SearchHit[]): SearchHit[][] => {
  const groups = new Map<string, SearchHit[]>()
  for (const hit of hits) {
    const group = groups.get(hit.task_id)
    if (group) group.push(hit)
    else groups.set(hit.task_id, [hit])
  }
  return [...groups.values()]
}
