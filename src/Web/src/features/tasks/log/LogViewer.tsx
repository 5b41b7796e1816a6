import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { flushSync } from 'react-dom'
import { useLocation, useNavigate } from 'react-router'
import { taskPath } from '../../../api/http'
import { CloseIcon, CopyIcon, EndIcon, LinkIcon } from '../../../app/icons'
import { copyText } from '../../../lib/clipboard'
import { plural } from '../../../lib/format'
import { useHotkeys } from '../../../lib/hotkeys'
import { Geometry, ROW } from './geometry'
import { LogToolbar } from './LogToolbar'
import { Row } from './LogRows'
import { type LineAddress, compareAddress, formatRange, inRange, markdownQuote, orderedRange, parseRange } from './lineAddress'
import type { LogSession } from './logSession'
import { DRAWN_CHARS, type ViewRow, buildView, cellWidth, closedFoldAt, indexOfAddress, indexOfTime, isAddressable, kindOf, textOf } from './logView'
import { useLogSearch, type Hit } from './useLogSearch'
import { useLogSettings } from './useLogSettings'

const OVERSCAN = 16
const AT_END_PX = 8

export function LogViewer({ session, taskId, title }: { session: LogSession; taskId: string; title: string }) {
  const log = useSyncExternalStore(session.onChange, session.getSnapshot)
  const [settings, change] = useLogSettings()
  const location = useLocation()
  const navigate = useNavigate()
  const selection = useMemo(() => parseRange(location.hash), [location.hash])

  // --- rows -----------------------------------------------------------------------------------------
  /** Folds that are not as the others are. */
  const [exceptions, setExceptions] = useState<ReadonlySet<number>>(new Set())
  const [searching, setSearching] = useState(settings.search !== '')
  // What is folded away is searched as well, so everything is open meanwhile.
  const openAll = searching && settings.search !== ''
  const isOpen = useCallback((offset: number) => openAll || settings.open !== exceptions.has(offset), [openAll, settings.open, exceptions])
  const view = useMemo(
    () => buildView(session.model.rows(), settings.hidden, isOpen, log.interruptions),
    // The model changes in place; its version says when.
    [session, log.version, log.interruptions, settings.hidden, isOpen],
  )
  const labelWidth = useMemo(() => {
    let widest = 0
    for (const row of view) if (row.index > widest) widest = row.index
    return Math.min(14, String(log.total).length + (widest > 0 ? String(widest).length + 1 : 0))
  }, [view, log.total])

  // --- the window -----------------------------------------------------------------------------------
  const scroller = useRef<HTMLDivElement>(null)
  const rowsBox = useRef<HTMLDivElement>(null)
  const ruler = useRef<HTMLSpanElement>(null)
  const [size, setSize] = useState({ columns: 0, rows: 40 })
  const [measured, setMeasured] = useState<ReadonlyMap<ViewRow, number>>(new Map())
  const geometry = useMemo(
    () => new Geometry(view, settings.wrap ? size.columns : 0, measured),
    [view, settings.wrap, size.columns, measured],
  )
  const [range, setRange] = useState({ from: 0, to: 60 })
  const [following, setFollowing] = useState(selection === null)
  const followingRef = useRef(following)
  const anchor = useRef<{ address: LineAddress; type: ViewRow['type']; delta: number } | null>(null)
  const lastTop = useRef(0)
  /** Where the log ended when the reader stopped following; null until there is a log. */
  const seenEnd = useRef<number | null>(null)

  const follow = useCallback((on: boolean) => {
    if (followingRef.current === on) return
    followingRef.current = on
    if (!on) seenEnd.current = session.getSnapshot().phase === 'ready' ? session.model.lastLoaded : null
    setFollowing(on)
  }, [session])

  /** Remembers what is at the top of the window and draws what is around it. */
  const look = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const top = element.scrollTop
    const first = geometry.indexAt(top)
    const last = geometry.indexAt(top + element.clientHeight)
    let at = first
    // A gap changes its extent while it is filled; what stands beside it does not.
    while (at < last && view[at]?.type === 'gap') at++
    const row = view[at]
    anchor.current = row ? { address: { offset: row.offset, index: row.index }, type: row.type, delta: top - geometry.top(at) } : null
    setRange((before) => {
      const covered = before.from <= Math.max(0, first - 2) && before.to >= Math.min(view.length, last + 3)
      const tight = before.to - before.from <= last - first + 4 * OVERSCAN
      return covered && tight ? before : { from: Math.max(0, first - OVERSCAN), to: last + 1 + OVERSCAN }
    })
  }, [geometry, view])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const { scrollTop, scrollHeight, clientHeight } = element
    const atEnd = scrollHeight - clientHeight - scrollTop <= AT_END_PX
    if (atEnd) follow(true)
    else if (scrollTop < lastTop.current - 1) follow(false)
    lastTop.current = scrollTop
    // Drawn before the browser paints the scrolled frame, so that no empty rows flash up.
    flushSync(look)
  }

  // Rows came or changed: the reader keeps the place, or the end.
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    if (followingRef.current) {
      element.scrollTop = geometry.height
    } else if (anchor.current) {
      const { address, type, delta } = anchor.current
      let at = indexOfAddress(view, address)
      while (view[at] && view[at]!.type !== type && view[at + 1] && compareAddress(view[at + 1]!, address) === 0) at++
      const top = geometry.top(at) + delta
      if (Math.abs(element.scrollTop - top) > 0.5) element.scrollTop = top
    }
    lastTop.current = element.scrollTop
    look()
  }, [geometry, view, look])

  // In wrapped text a row may be higher than reckoned (wide characters, tabs).
  useLayoutEffect(() => {
    if (!settings.wrap || !rowsBox.current) return
    let wrong: Map<ViewRow, number> | null = null
    for (let i = 0; i < rowsBox.current.children.length; i++) {
      const row = view[range.from + i]
      const height = (rowsBox.current.children[i] as HTMLElement).offsetHeight
      if (row && height > 0 && Math.abs(height - geometry.rowHeight(range.from + i)) > 0.5) {
        wrong ??= new Map(measured.size < 20_000 ? measured : [])
        wrong.set(row, height)
      }
    }
    if (wrong) setMeasured(wrong)
  }, [range, view, geometry, settings.wrap, measured])

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const measure = () => {
      const cell = (ruler.current?.getBoundingClientRect().width ?? 780) / 100
      const gutter = (labelWidth + (settings.times ? 9 : 0)) * cell + 40
      const columns = Math.max(10, Math.floor((element.clientWidth - gutter) / cell))
      setSize((before) => {
        const rows = Math.ceil(element.clientHeight / ROW)
        if (before.columns === columns && before.rows === rows) return before
        if (before.columns !== columns) setMeasured(new Map())
        return { columns, rows }
      })
      if (followingRef.current) element.scrollTop = element.scrollHeight
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [labelWidth, settings.times])

  useEffect(look, [size, look])

  const scrollToIndex = useCallback((index: number, align: 'center' | 'start' = 'center') => {
    const element = scroller.current
    if (!element || view.length === 0) return
    const at = Math.max(0, Math.min(view.length - 1, index))
    follow(false)
    const above = align === 'center' ? (element.clientHeight - geometry.rowHeight(at)) / 2 : 0
    element.scrollTop = Math.max(0, geometry.top(at) - above)
    lastTop.current = element.scrollTop
    look()
  }, [geometry, view, follow, look])

  const toEnd = useCallback(() => {
    follow(true)
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }, [follow])

  const onToggle = useCallback((offset: number) => {
    // The reader looks at it: it stays where it is.
    follow(false)
    setExceptions((before) => {
      const next = new Set(before)
      if (!next.delete(offset)) next.add(offset)
      return next
    })
  }, [follow])

  const toggleFolds = () => {
    setExceptions(new Set())
    change({ open: !settings.open })
  }

  // --- links to lines -------------------------------------------------------------------------------
  const pickedHere = useRef('')
  const [target, setTarget] = useState<LineAddress | null>(selection?.from ?? null)
  useEffect(() => {
    if (location.hash === pickedHere.current) return
    pickedHere.current = location.hash
    setTarget(parseRange(location.hash)?.from ?? null)
  }, [location.hash])

  useEffect(() => {
    if (target === null || log.phase !== 'ready') return
    follow(false)
    const row = session.model.rows().find((candidate, i, rows) => {
      const next = rows[i + 1]
      return candidate.type !== 'gap' && candidate.offset <= target.offset && (!next || compareAddress(next, target) > 0)
    })
    const missing = session.model.missing().some(({ from, to }) => target.offset >= from && target.offset <= to)
    if (missing) {
      session.want(target.offset)
      return
    }
    if (!row || target.offset > session.model.lastKnown) return
    const kind = kindOf(row)
    if (settings.hidden.has(kind)) {
      change({ hidden: new Set([...settings.hidden].filter((hidden) => hidden !== kind)) })
      return
    }
    const fold = closedFoldAt(view, target)
    if (fold) {
      onToggle(fold.offset)
      return
    }
    let at = indexOfAddress(view, target)
    if (view[at]?.type === 'head') at++
    // A name that begins no line lies within the line before it.
    if (at > 0 && (at >= view.length || compareAddress(view[at]!, target) > 0)) at--
    scrollToIndex(at)
    setTarget(null)
  }, [target, log.phase, log.version, view, settings.hidden, onToggle, session, change, follow, scrollToIndex])

  const mark = useCallback((hash: string) => {
    pickedHere.current = hash
    void navigate({ search: window.location.search, hash }, { replace: true })
  }, [navigate])

  const onPick = useCallback((row: ViewRow, extend: boolean) => {
    const address = { offset: row.offset, index: row.index }
    const before = parseRange(window.location.hash)
    mark(`#${formatRange(extend && before ? orderedRange(before.from, address) : { from: address, to: address })}`)
    if (extend) window.getSelection()?.removeAllRanges()
  }, [mark])

  const onLoadMore = useCallback(() => session.loadMore(), [session])

  // --- search ---------------------------------------------------------------------------------------
  const found = useLogSearch(view, { text: searching ? settings.search : '', regex: settings.regex, matchCase: settings.matchCase })
  const [current, setCurrent] = useState<{ address: LineAddress; start: number } | null>(null)
  const hitIndex = useMemo(() => {
    if (!current) return -1
    return found.hits.findIndex((hit) => compareAddress(hit.row, current.address) === 0 && hit.start === current.start)
  }, [found, current])
  const currentHit: Hit | null = found.hits[hitIndex] ?? null

  const toHit = useCallback((index: number) => {
    const hit = found.hits[(index + found.hits.length) % Math.max(1, found.hits.length)]
    if (!hit) return
    setCurrent({ address: { offset: hit.row.offset, index: hit.row.index }, start: hit.start })
    const at = view.indexOf(hit.row)
    if (at >= 0) scrollToIndex(at)
  }, [found, view, scrollToIndex])

  const step = useCallback((by: 1 | -1) => {
    if (hitIndex >= 0) return toHit(hitIndex + by)
    // From where the reader is, not from the start.
    const here = anchor.current?.address ?? { offset: 0, index: 0 }
    const next = found.hits.findIndex((hit) => compareAddress(hit.row, here) >= 0)
    toHit(by > 0 ? Math.max(0, next) : (next < 0 ? found.hits.length : next) - 1)
  }, [found, hitIndex, toHit])

  // --- copies ---------------------------------------------------------------------------------------
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (said === '') return
    const timer = setTimeout(() => setSaid(''), 2_500)
    return () => clearTimeout(timer)
  }, [said])
  const copy = (text: string, what: string) => void copyText(text).then((done) => setSaid(done ? what : 'The browser did not allow copying'))

  const whole = () => buildView(session.model.rows(), settings.hidden, () => true)
  const copyAll = () => {
    const lines = whole().flatMap((row) => textOf(row) ?? [])
    copy(lines.join('\n') + '\n', `${plural(lines.length, 'line')} copied${log.backfill ? '; earlier ones are not loaded' : ''}`)
  }
  const link = () => `${window.location.origin}${window.location.pathname}${window.location.search}#${selection ? formatRange(selection) : ''}`
  const copyQuote = () => {
    if (!selection) return
    const rows = whole().filter((row) => isAddressable(row) && inRange(row, selection))
    const lines = rows.map((row) => textOf(row) ?? (row.type === 'status' ? `— ${row.status} —` : ''))
    copy(markdownQuote(lines, `${title} · ${formatRange(selection)}`, link()), `${plural(lines.length, 'line')} copied as a quote`)
  }

  // --- keys -----------------------------------------------------------------------------------------
  const searchBox = useRef<HTMLInputElement>(null)
  const openSearch = () => {
    // The field is there before the next key is pressed.
    flushSync(() => setSearching(true))
    searchBox.current?.select()
  }
  const closeSearch = () => {
    setSearching(false)
    setCurrent(null)
    change({ search: '' })
    scroller.current?.focus({ preventScroll: true })
  }
  useHotkeys({
    '/': openSearch,
    'mod+f': openSearch,
    n: () => step(1),
    N: () => step(-1),
    G: toEnd,
    End: toEnd,
    Home: () => scrollToIndex(0, 'start'),
    w: () => change({ wrap: !settings.wrap }),
    t: () => change({ times: !settings.times }),
    o: toggleFolds,
    Escape: () => (searching ? closeSearch() : selection && mark('')),
  })

  // --- drawing --------------------------------------------------------------------------------------
  const from = Math.min(range.from, Math.max(0, view.length - 1))
  const drawn = view.slice(from, range.to)
  const widest = useRef(0)
  if (!settings.wrap) {
    for (const row of drawn) {
      const text = textOf(row)
      // Only grows: a width that came and went with the rows would make the scroll bar flicker.
      if (text !== null && text.length > widest.current / 2) {
        widest.current = Math.max(widest.current, cellWidth(text.slice(0, DRAWN_CHARS)))
      }
    }
  }
  if (log.phase === 'ready') seenEnd.current ??= session.model.lastLoaded
  const unseen = following ? 0 : Math.max(0, session.model.lastLoaded - (seenEnd.current ?? 0))
  const firstTentative = drawn.length > 0 && session.model.isTentative(drawn[0] as never)

  return (
    <section className="log" aria-label="Log" data-following={following} data-loaded={log.loaded} data-total={log.total}>
      <LogToolbar
        settings={settings}
        change={change}
        log={log}
        searching={searching}
        searchBox={searchBox}
        openSearch={openSearch}
        closeSearch={closeSearch}
        found={found}
        hitIndex={hitIndex}
        step={step}
        copyAll={copyAll}
        toggleFolds={toggleFolds}
        downloadUrl={`${taskPath(taskId)}/output.txt`}
        jumpToTime={(time) => scrollToIndex(indexOfTime(view, time), 'start')}
        firstTime={view.find((row) => row.type === 'line' || row.type === 'status')}
      />
      <div className="log-frame">
        <span className="log-ruler mono" ref={ruler} aria-hidden="true">{'0'.repeat(100)}</span>
        <div
          className={`log-scroll mono${settings.wrap ? ' is-wrapped' : ''}`}
          ref={scroller}
          onScroll={onScroll}
          tabIndex={0}
          role="region"
          aria-label="Log lines"
          data-testid="log"
          style={{ '--log-number-width': `${labelWidth}ch` } as React.CSSProperties}
        >
          <div className="log-sizer" style={{ height: geometry.height, minWidth: settings.wrap ? undefined : `calc(${widest.current + labelWidth + (settings.times ? 10 : 0)}ch + 48px)` }}>
            <div className="log-rows" ref={rowsBox} style={{ transform: `translateY(${geometry.top(from)}px)` }}>
              {drawn.map((row) => (
                <Row
                  key={`${row.offset}.${row.index}.${row.type}`}
                  row={row}
                  selected={selection !== null && isAddressable(row) && inRange(row, selection)}
                  tentative={firstTentative || (row.type === 'line' && session.model.isTentative(row))}
                  times={settings.times}
                  hits={found.byRow.get(row)}
                  currentHit={currentHit !== null && currentHit.row === row ? currentHit : null}
                  onPick={onPick}
                  onToggle={onToggle}
                  onLoadMore={onLoadMore}
                  paused={log.backfill === 'paused'}
                />
              ))}
            </div>
          </div>
          {view.length === 0 && (
            <p className="log-empty muted">
              {log.phase === 'loading' ? 'Loading the log …' : settings.hidden.size > 0 && session.model.rowCount > 0 ? 'Everything in this log is hidden by the filters above.' : 'No output yet.'}
            </p>
          )}
        </div>
        {selection && (
          <div className="log-selection" role="toolbar" aria-label="Marked lines">
            <b className="mono">{formatRange(selection)}</b>
            <button className="button is-quiet" onClick={() => copy(link(), 'Link copied')}><LinkIcon /> Copy link</button>
            <button className="button is-quiet" onClick={copyQuote}><CopyIcon /> Copy as quote</button>
            <button className="icon-button" onClick={() => mark('')} aria-label="Unmark the lines"><CloseIcon /></button>
          </div>
        )}
        {!following && view.length > 0 && (
          <button className="log-to-end" onClick={toEnd} data-testid="to-end">
            <EndIcon /> Jump to end{unseen > 0 && ` (${unseen.toLocaleString()} new)`}
          </button>
        )}
        <div className="toast" role="status" data-shown={said !== ''}>{said}</div>
      </div>
    </section>
  )
}

