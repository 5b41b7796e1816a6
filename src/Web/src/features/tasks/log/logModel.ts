/**
 * The log of one task, as rows. Entries may come in any order and more than once: pages from REST and
 * frames from the socket are spliced by offset. What is contiguous is one segment; between segments
 * something is missing, and `missing()` says what.
 *
 * Consecutive chunks of kind `output` are one stream of text: a chunk that does not end in a newline goes
 * on in the next. Colours go on from line to line. Both hold across pages: when a page arrives before a
 * segment, the first line of the segment and the colours after it are put right.
 */
import type { LogEntry } from '../../../api/types'
import { type Sgr, lastState, plainSgr, sameSgr, sgrAfter, stripAnsi } from './ansi'

export interface LineRow {
  readonly type: 'line'
  readonly offset: number
  readonly index: number
  readonly time: string
  readonly raw: string
  /** The look that the line starts with. */
  readonly start: Sgr
  /** No newline yet. */
  readonly open: boolean
  /** The line starts where its chunk starts. */
  readonly atChunkStart: boolean
  plain?: string
}

export interface BlockRow {
  readonly type: 'block'
  readonly offset: number
  readonly index: 0
  readonly time: string
  readonly kind: string
  readonly data: Record<string, unknown>
  readonly lines: readonly string[]
}

export interface StatusRow {
  readonly type: 'status'
  readonly offset: number
  readonly index: 0
  readonly time: string
  readonly status: string
  readonly previous: string | null
  readonly data: Record<string, unknown>
}

export interface GapRow {
  readonly type: 'gap'
  readonly offset: number
  readonly index: 0
  readonly time: ''
  readonly to: number
  /** The server does not have it either. */
  readonly lost: boolean
}

export type LogRow = LineRow | BlockRow | StatusRow | GapRow

export interface OffsetRange {
  from: number
  to: number
}

interface Segment {
  first: number
  last: number
  rows: LogRow[]
  /** The last row is a line without its newline. */
  open: boolean
  /** The look at the start of the next line (of the open one, if there is one). */
  sgr: Sgr
  chars: number
}

/** An open line beyond this is folded to its last state, or an endless progress bar would fill the memory. */
const FOLD_AT = 8_192

export class LogModel {
  private segments: Segment[] = []
  private head = 0
  private flat: { version: number; rows: readonly LogRow[] } | null = null
  version = 0
  /** Changes when an entry about the status comes, and only then. */
  statusVersion = 0

  /** The last offset known to exist. */
  get lastKnown(): number {
    return Math.max(this.head, this.segments.at(-1)?.last ?? 0)
  }

  /** The highest offset up to which the newest segment reaches. */
  get lastLoaded(): number {
    return this.segments.at(-1)?.last ?? 0
  }

  get firstLoaded(): number {
    return this.segments[0]?.first ?? 0
  }

  get rowCount(): number {
    return this.segments.reduce((sum, segment) => sum + segment.rows.length, 0)
  }

  get chars(): number {
    return this.segments.reduce((sum, segment) => sum + segment.chars, 0)
  }

  get loadedEntries(): number {
    return this.segments.reduce((sum, segment) => sum + segment.last - segment.first + 1, 0)
  }

  reset(): void {
    this.segments = []
    this.head = 0
    this.version++
    this.statusVersion++
  }

  noteHead(offset: number): void {
    if (offset <= this.lastKnown) return
    this.head = offset
    this.version++
  }

  /** Splices entries in; returns how many were new. */
  insert(entries: readonly LogEntry[]): number {
    let added = 0
    let run: LogEntry[] = []
    let runEnd = 0
    const sorted = isSorted(entries) ? entries : [...entries].sort((a, b) => a.offset - b.offset)
    for (const entry of sorted) {
      if (entry.type === 'status') this.statusVersion++
      if (!Number.isSafeInteger(entry.offset) || entry.offset < 1) continue
      if (entry.offset === runEnd && run.length > 0) continue // the same offset twice in one batch
      if (run.length > 0 && entry.offset !== runEnd + 1) {
        added += this.insertRun(run)
        run = []
      }
      if (this.segmentOf(entry.offset)) {
        if (run.length > 0) added += this.insertRun(run)
        run = []
        continue
      }
      run.push(entry)
      runEnd = entry.offset
    }
    if (run.length > 0) added += this.insertRun(run)
    if (added > 0) this.version++
    return added
  }

  /** Gives the range up: the server has no such entries. What is loaded inside it stays. */
  markLost(from: number, to: number): void {
    for (const range of this.missing()) {
      const first = Math.max(range.from, from)
      const last = Math.min(range.to, to)
      if (first > last) continue
      const row: GapRow = { type: 'gap', offset: first, index: 0, time: '', to: last, lost: true }
      this.place({ first, last, rows: [row], open: false, sgr: plainSgr, chars: 0 })
      this.version++
    }
  }

  /** What is known to exist and is not here, oldest first. */
  missing(): OffsetRange[] {
    const ranges: OffsetRange[] = []
    let next = 1
    for (const segment of this.segments) {
      if (segment.first > next) ranges.push({ from: next, to: segment.first - 1 })
      next = segment.last + 1
    }
    if (this.head >= next) ranges.push({ from: next, to: this.head })
    return ranges
  }

  /** Lets the oldest rows go, to about `keep` rows; they can be loaded again. */
  trim(keep: number): void {
    while (this.segments.length > 1 && this.rowCount - this.segments[0]!.rows.length >= keep) {
      this.segments.shift()
      this.version++
    }
    const segment = this.segments[0]
    if (!segment || this.rowCount <= keep) return
    // Only where a chunk starts with a row of its own can a segment begin without naming lines wrongly.
    let cut = this.rowCount - keep
    while (cut < segment.rows.length && !startsChunk(segment.rows[cut]!)) cut++
    if (cut >= segment.rows.length) return
    const dropped = segment.rows.slice(0, cut)
    segment.rows = segment.rows.slice(cut)
    segment.first = segment.rows[0]!.offset
    segment.chars -= dropped.reduce((sum, row) => sum + charsOf(row), 0)
    this.version++
  }

  /** All rows in order, with a gap row wherever something is missing. */
  rows(): readonly LogRow[] {
    if (this.flat?.version === this.version) return this.flat.rows
    const gaps = this.missing()
    const only = this.segments[0]
    let rows: LogRow[]
    if (gaps.length === 0 && this.segments.length === 1 && only) {
      rows = only.rows
    } else {
      rows = []
      let next = 0
      const gap = (range: OffsetRange): GapRow => ({
        type: 'gap', offset: range.from, index: 0, time: '', to: range.to, lost: false,
      })
      for (const segment of this.segments) {
        while (next < gaps.length && gaps[next]!.from < segment.first) rows.push(gap(gaps[next++]!))
        rows = rows.concat(segment.rows)
      }
      while (next < gaps.length) rows.push(gap(gaps[next++]!))
    }
    this.flat = { version: this.version, rows }
    return rows
  }

  /** The first line of a segment is named for certain only once what is before it is known. */
  isTentative(row: LogRow): boolean {
    if (row.type !== 'line') return false
    const segment = this.segmentOf(row.offset)
    return segment !== undefined && segment.first === row.offset && segment.first > 1
  }

  private segmentOf(offset: number): Segment | undefined {
    let low = 0
    let high = this.segments.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const segment = this.segments[middle]!
      if (offset < segment.first) high = middle - 1
      else if (offset > segment.last) low = middle + 1
      else return segment
    }
    return undefined
  }

  /** A contiguous run of entries, none of which is here. */
  private insertRun(run: readonly LogEntry[]): number {
    const first = run[0]!.offset
    const newest = this.segments.at(-1)
    if (newest && newest.last + 1 === first) {
      // The live path: extend in place.
      for (const entry of run) feed(newest, entry)
      return run.length
    }
    const segment: Segment = { first, last: first - 1, rows: [], open: false, sgr: plainSgr, chars: 0 }
    for (const entry of run) feed(segment, entry)
    this.place(segment)
    return run.length
  }

  private place(segment: Segment): void {
    let at = this.segments.findIndex((other) => other.first > segment.first)
    if (at < 0) at = this.segments.length
    this.segments.splice(at, 0, segment)
    const right = this.segments[at + 1]
    if (right && right.first === segment.last + 1) this.segments.splice(at, 2, join(segment, right))
    const left = this.segments[at - 1]
    const placed = this.segments[at]!
    if (left && left.last + 1 === placed.first) this.segments.splice(at - 1, 2, join(left, placed))
  }
}

const isSorted = (entries: readonly LogEntry[]): boolean =>
  entries.every((entry, i) => i === 0 || entries[i - 1]!.offset <= entry.offset)

const startsChunk = (row: LogRow): boolean => row.type !== 'line' || row.atChunkStart

const charsOf = (row: LogRow): number =>
  row.type === 'line' ? row.raw.length : row.type === 'block' ? row.lines.reduce((sum, line) => sum + line.length, 0) : 0

function closeLine(segment: Segment): void {
  if (!segment.open) return
  const line = segment.rows.at(-1) as LineRow
  segment.rows[segment.rows.length - 1] = { ...line, open: false }
  segment.sgr = sgrAfter(line.raw, line.start)
  segment.open = false
}

function hasFigures(data: Record<string, unknown> | null | undefined): boolean {
  return ['cost_usd', 'duration_seconds', 'error'].some((name) => data?.[name] !== undefined && data[name] !== null)
}

function feed(segment: Segment, entry: LogEntry): void {
  segment.last = entry.offset
  if (entry.type === 'status') {
    // A report that brings neither a new status nor a figure to show: the task's facts have it.
    if (!entry.previous && entry.offset > 1 && !hasFigures(entry.data)) return
    closeLine(segment)
    segment.rows.push({
      type: 'status', offset: entry.offset, index: 0, time: entry.timestamp,
      status: entry.status ?? '', previous: entry.previous ?? null, data: entry.data ?? {},
    })
    return
  }
  const text = entry.output ?? ''
  segment.chars += text.length
  if ((entry.kind ?? 'output') !== 'output') {
    closeLine(segment)
    segment.rows.push({
      type: 'block', offset: entry.offset, index: 0, time: entry.timestamp,
      kind: entry.kind!, data: entry.data ?? {}, lines: text.replace(/\r?\n$/, '').split('\n'),
    })
    return
  }
  feedText(segment, entry.offset, entry.timestamp, text)
}

function feedText(segment: Segment, offset: number, time: string, text: string): void {
  let index = 0
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    const piece = text.slice(from, end < 0 ? text.length : end)
    if (segment.open) {
      const line = segment.rows.at(-1) as LineRow
      const { plain: _, ...rest } = line
      segment.rows[segment.rows.length - 1] = { ...rest, raw: fold(line.raw + piece) }
    } else {
      segment.rows.push({
        type: 'line', offset, index: index++, time, raw: fold(piece), start: segment.sgr, open: true, atChunkStart: from === 0,
      })
      segment.open = true
    }
    if (end < 0) return
    closeLine(segment)
    from = end + 1
  }
}

function fold(raw: string): string {
  if (raw.length <= FOLD_AT || !raw.includes('\r')) return raw
  return lastState(raw) + (raw.endsWith('\r') ? '\r' : '')
}

/** Two neighbours become one. The right one was built without knowing what stands before it. */
function join(left: Segment, right: Segment): Segment {
  let rest = right.rows
  const continued = rest[0]
  let open = right.open
  let rows = left.rows
  let state: Sgr
  if (left.open && continued?.type === 'line') {
    const line = left.rows.at(-1) as LineRow
    const { plain: _, ...base } = line
    const merged: LineRow = { ...base, raw: fold(line.raw + continued.raw), open: continued.open }
    rows = left.rows.slice(0, -1)
    rows.push(merged)
    rest = rest.slice(1)
    for (let i = 0; i < rest.length; i++) {
      const row = rest[i]!
      if (row.type !== 'line' || row.offset !== continued.offset) break
      rest[i] = { ...row, index: row.index - 1 }
    }
    state = merged.open ? merged.start : sgrAfter(merged.raw, merged.start)
  } else if (left.open && rest.length === 0) {
    // Only empty chunks: the line is still open.
    open = true
    state = left.sgr
  } else {
    closeLine(left)
    rows = left.rows
    state = left.sgr
  }
  const recoloured = recolour(rest, state)
  const joined = rows.concat(recoloured.rows)
  return {
    first: left.first,
    last: right.last,
    rows: joined,
    open,
    sgr: recoloured.reached ?? right.sgr,
    chars: left.chars + right.chars,
  }
}

/** Carries the look through the lines until it agrees with what they had; `reached` if it never did. */
function recolour(rows: readonly LogRow[], start: Sgr): { rows: readonly LogRow[]; reached: Sgr | null } {
  let state = start
  let changed: LogRow[] | null = null
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    if (row.type !== 'line') continue
    if (sameSgr(row.start, state)) return { rows: changed ?? rows, reached: null }
    changed ??= [...rows]
    changed[i] = { ...row, start: state }
    if (!row.open) state = sgrAfter(row.raw, state)
  }
  return { rows: changed ?? rows, reached: state }
}

/** What the line reads as, without colours. */
export function plainText(row: LineRow): string {
  row.plain ??= stripAnsi(lastState(row.raw))
  return row.plain
}
