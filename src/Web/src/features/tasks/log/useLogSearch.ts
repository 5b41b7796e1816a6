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
}

const nothing: LogSearch = { hits: [], byRow: new Map(), truncated: false, error: null }
const REGEX_DEADLINE_MS = 2_000

/** Searches what is shown, again whenever it changes, but never twice within a moment. */
export function useLogSearch(view: readonly ViewRow[], query: Query): LogSearch {
  const [result, setResult] = useState<LogSearch>(nothing)
  const lastRun = useRef(0)
  const { text, regex, matchCase } = query
  const error = useMemo(() => patternError({ text, regex, matchCase }), [text, regex, matchCase])

  useEffect(() => {
    if (text === '' || error !== null) {
      setResult(nothing)
      return
    }
    let worker: Worker | null = null
    let deadline: ReturnType<typeof setTimeout> | undefined
    // A log that grows all the time must not put the search off for ever.
    const wait = Math.max(80, Math.min(400, lastRun.current + 400 - Date.now()))
    const timer = setTimeout(() => {
      lastRun.current = Date.now()
      const rows = view.filter((row) => textOf(row) !== null)
      const texts = rows.map((row) => textOf(row)!)
      const show = (matches: Matches) => setResult(collect(rows, matches))
      if (!regex) {
        show(findMatches(texts, { text, regex, matchCase }))
        return
      }
      worker = new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module' })
      deadline = setTimeout(() => {
        worker?.terminate()
        setResult({ ...nothing, error: 'This pattern takes too long' })
      }, REGEX_DEADLINE_MS)
      worker.onmessage = (event: MessageEvent<{ matches: Matches }>) => {
        clearTimeout(deadline)
        worker?.terminate()
        show(event.data.matches)
      }
      worker.postMessage({ texts, query: { text, regex, matchCase } })
    }, wait)
    return () => {
      clearTimeout(timer)
      clearTimeout(deadline)
      worker?.terminate()
    }
  }, [view, text, regex, matchCase, error])

  return error === null ? result : { ...nothing, error }
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
  return { hits, byRow, truncated: matches.truncated, error: null }
}
