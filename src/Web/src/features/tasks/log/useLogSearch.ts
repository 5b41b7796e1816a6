import { useEffect, useMemo, useRef, useState } from 'react'
import { type ViewRow, textOf } from './logView'
import { type Matches, type Query, findMatches, patternError } from './search'

export interface Hit {
  row: ViewRow
  start: number
  end: number
}

export interface LogSearch {
  hits: readonly Hit[]
  byRow: ReadonlyMap<ViewRow, readonly Hit[]>
  truncated: boolean
  error: string | null
  /** The first answer to this query is still to come. */
  pending: boolean
}

const nothing: LogSearch = { hits: [], byRow: new Map(), truncated: false, error: null, pending: false }
const FIRST_MS = 60
const AGAIN_MS = 400
const DEADLINE_MS = 2_000

/** Searches what is shown, and again as the log grows. */
export function useLogSearch(view: readonly ViewRow[], query: Query): LogSearch {
  const [result, setResult] = useState<LogSearch>(nothing)
  const { text, regex, matchCase } = query
  const error = useMemo(() => patternError({ text, regex, matchCase }), [text, regex, matchCase])
  const shown = useRef(view)
  const searcher = useRef<Searcher | null>(null)

  useEffect(() => {
    shown.current = view
    searcher.current?.changed()
  }, [view])

  useEffect(() => {
    const idle = text === '' || error !== null
    setResult(idle ? nothing : { ...nothing, pending: true })
    if (idle) return
    const mine = new Searcher({ text, regex, matchCase }, () => shown.current, setResult)
    searcher.current = mine
    return () => {
      mine.stop()
      searcher.current = null
    }
  }, [text, regex, matchCase, error])

  return error === null ? result : { ...nothing, error }
}

/**
 * One query over a log that changes while it is searched: one search at a time, and after it another if the
 * log has changed meanwhile. Patterns run in a worker, which is ended when one takes too long.
 */
class Searcher {
  private timer: ReturnType<typeof setTimeout> | null
  private worker: Worker | null = null
  private busy = false
  private stale = false
  private ended = false

  constructor(
    private readonly query: Query,
    private readonly view: () => readonly ViewRow[],
    private readonly publish: (result: LogSearch) => void,
  ) {
    this.timer = setTimeout(() => this.run(), FIRST_MS)
  }

  changed(): void {
    if (this.ended) return
    if (this.busy) this.stale = true
    else this.timer ??= setTimeout(() => this.run(), AGAIN_MS)
  }

  stop(): void {
    this.ended = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.worker?.terminate()
    this.worker = null
  }

  private run(): void {
    this.timer = null
    this.busy = true
    const rows: ViewRow[] = []
    const texts: string[] = []
    for (const row of this.view()) {
      const text = textOf(row)
      if (text === null) continue
      rows.push(row)
      texts.push(text)
    }
    if (!this.query.regex) {
      this.done(rows, findMatches(texts, this.query))
      return
    }
    this.worker ??= new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module' })
    this.timer = setTimeout(() => {
      this.stop()
      this.publish({ ...nothing, error: 'This pattern takes too long' })
    }, DEADLINE_MS)
    this.worker.onmessage = (event: MessageEvent<{ matches: Matches }>) => {
      if (this.timer !== null) clearTimeout(this.timer)
      this.timer = null
      this.done(rows, event.data.matches)
    }
    this.worker.postMessage({ texts, query: this.query })
  }

  private done(rows: readonly ViewRow[], matches: Matches): void {
    this.busy = false
    this.publish(collect(rows, matches))
    if (!this.stale) return
    this.stale = false
    this.changed()
  }
}

function collect(rows: readonly ViewRow[], matches: Matches): LogSearch {
  const byRow = new Map<ViewRow, Hit[]>()
  const hits = matches.line.map((line, i) => {
    const row = rows[line]!
    const hit = { row, start: matches.start[i]!, end: matches.end[i]! }
    const group = byRow.get(row)
    if (group) group.push(hit)
    else byRow.set(row, [hit])
    return hit
  })
  return { hits, byRow, truncated: matches.truncated, error: null, pending: false }
}
