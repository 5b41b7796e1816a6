import { type CSSProperties, type MouseEvent, type ReactNode, memo } from 'react'
import { ChevronIcon } from '../../../app/icons'
import { formatAbsolute, formatClock, formatCost, formatDuration, plural } from '../../../lib/format'
import { type AnsiColor, type Sgr, type Span, lastState, paletteColor, parseAnsi, plainSgr } from './ansi'
import { formatAddress } from './lineAddress'
import { DRAWN_CHARS, type BlockHead, type ViewRow, shortOf } from './logView'
import type { BlockRow } from './logModel'
import type { Hit } from './useLogSearch'

export interface RowProps {
  row: ViewRow
  selected: boolean
  /** The name may still change, so it cannot be linked to. */
  tentative: boolean
  times: boolean
  hits: readonly Hit[] | undefined
  currentHit: Hit | null
  onPick: (row: ViewRow, extend: boolean) => void
  onToggle: (offset: number) => void
  onLoadMore: () => void
  paused: boolean
}

export const Row = memo(function Row(props: RowProps) {
  const { row } = props
  switch (row.type) {
    case 'line':
      return (
        <div className={rowClass('log-row', props)} data-line={formatAddress(row)}>
          <Gutter {...props} time={row.time} />
          <Text spans={parseAnsi(cut(lastState(row.raw)), row.start)} length={row.raw.length} {...props} />
        </div>
      )
    case 'body':
      return (
        <div className={rowClass(`log-row is-block is-${kindClass(row.block.kind)}`, props)} data-line={formatAddress(row)}>
          <Gutter {...props} time={row.index === 0 ? row.block.time : ''} />
          {row.alone && <span className="log-kind"><KindLabel block={row.block} /></span>}
          <Text spans={parseAnsi(cut(row.raw), plainSgr)} length={row.raw.length} {...props} />
        </div>
      )
    case 'head':
      return <Head {...props} row={row} />
    case 'status':
      return (
        <div className={rowClass('log-row is-separator', props)} data-line={formatAddress(row)}>
          <Gutter {...props} time={row.time} />
          <span className="log-separator">
            {isReport(row)
              ? <span className="log-status">report</span>
              : <span className={`log-status is-${row.status}`}>{row.status.replace('_', ' ')}</span>}
            <span className="muted">{figures(row.data)}</span>
            {!props.times && <time dateTime={row.time} title={formatAbsolute(Date.parse(row.time))}>{formatClock(Date.parse(row.time))}</time>}
          </span>
        </div>
      )
    case 'gap':
      return (
        <div className="log-row is-gap" data-gap={row.lost ? 'lost' : 'open'}>
          <span className="log-note">
            {row.lost
              ? `Entries ${range(row.offset, row.to)} were lost before they reached the server`
              : props.paused
                ? `Entries ${range(row.offset, row.to)} are not loaded`
                : `Loading entries ${range(row.offset, row.to)} …`}
            {!row.lost && props.paused && <button className="link-button" onClick={props.onLoadMore}>Load more</button>}
          </span>
        </div>
      )
    case 'interruption':
      return (
        <div className="log-row is-gap" data-gap="interruption">
          <span className="log-note">The source was interrupted here ({row.reason.replaceAll('_', ' ')}): output may be missing</span>
        </div>
      )
  }
})

const range = (from: number, to: number) => (from === to ? from.toLocaleString() : `${from.toLocaleString()}–${to.toLocaleString()}`)

const knownKinds = new Set(['thinking', 'tool_call', 'tool_result', 'system'])
const kindClass = (kind: string) => (knownKinds.has(kind) ? kind : 'system')
const kindLabels: Record<string, string> = { thinking: 'Thinking', tool_call: 'Call', tool_result: 'Result', system: 'System' }

const rowClass = (base: string, { selected }: RowProps) => (selected ? `${base} is-selected` : base)

const cut = (text: string) => (text.length > DRAWN_CHARS ? text.slice(0, DRAWN_CHARS) : text)

function Gutter({ row, time, tentative, times, onPick }: RowProps & { time: string }) {
  const address = formatAddress(row)
  const pick = (event: MouseEvent) => {
    // With the usual keys the link opens in another tab, as links do.
    if (event.metaKey || event.ctrlKey || event.button !== 0) return
    event.preventDefault()
    onPick(row, event.shiftKey)
  }
  return (
    <>
      {tentative ? (
        <span className="log-number">{address.slice(1)}</span>
      ) : (
        <a className="log-number" href={`#${address}`} tabIndex={-1} onClick={pick} aria-label={`Line ${address.slice(1)}`}>{address.slice(1)}</a>
      )}
      {times && (
        <time className="log-time" dateTime={time || undefined} title={time ? formatAbsolute(Date.parse(time)) : undefined}>
          {time ? formatClock(Date.parse(time)) : ''}
        </time>
      )}
    </>
  )
}

function KindLabel({ block }: { block: BlockRow }) {
  const name = typeof block.data['name'] === 'string' ? block.data['name'] : null
  return (
    <>
      {kindLabels[block.kind] ?? block.kind}
      {name !== null && <b>{name}</b>}
      {block.data['is_error'] === true && <span className="log-failed">failed</span>}
    </>
  )
}

function Head({ row, ...props }: RowProps & { row: BlockHead }) {
  const { block, result, open } = row
  return (
    <div className={rowClass(`log-row is-block is-head is-${kindClass(block.kind)}`, { ...props, row })} data-line={open ? undefined : formatAddress(row)} data-fold={open ? 'open' : 'closed'}>
      {/* Opened, its first line has the number. */}
      <Gutter {...props} row={row} time={block.time} tentative={props.tentative || open} />
      <button className="log-fold" aria-expanded={open} onClick={() => props.onToggle(row.offset)}>
        <ChevronIcon />
        <KindLabel block={block} />
        <span className="log-short mono">{open && block.kind !== 'tool_call' ? '' : shortOf(block)}</span>
        {result && <FoldedResult result={result} />}
        {!open && block.kind !== 'tool_call' && <span className="log-came">{countLines(block)}</span>}
      </button>
    </div>
  )
}

function FoldedResult({ result }: { result: BlockRow }) {
  const failed = result.data['is_error'] === true
  return (
    <span className="log-came">
      → {failed && <span className="log-failed">failed</span>} {result.lines.length === 1 ? shortOf(result) || 'nothing' : countLines(result)}
    </span>
  )
}

const countLines = ({ lines }: BlockRow) => plural(lines.length, 'line')

function figures(data: Record<string, unknown>): string {
  const parts: string[] = []
  if (typeof data['cost_usd'] === 'number') parts.push(formatCost(data['cost_usd']))
  if (typeof data['duration_seconds'] === 'number') parts.push(formatDuration(data['duration_seconds']))
  if (typeof data['error'] === 'string') parts.push(data['error'].split('\n')[0]!.slice(0, 160))
  return parts.join(' · ')
}

function Text({ spans, length, hits, currentHit }: RowProps & { spans: readonly Span[]; length: number }) {
  return (
    <span className="log-text">
      {hits ? marked(spans, hits, currentHit) : spans.map((span, i) => <Piece key={i} span={span} text={span.text} />)}
      {length > DRAWN_CHARS && <span className="log-cut">… {(length - DRAWN_CHARS).toLocaleString()} more characters</span>}
    </span>
  )
}

function Piece({ span, text }: { span: Span; text: string }) {
  if (span.sgr === plainSgr) return text
  const { className, style } = look(span.sgr)
  return <span className={className} style={style}>{text}</span>
}

/** Spans cut at the borders of the matches. */
function marked(spans: readonly Span[], hits: readonly Hit[], current: Hit | null): ReactNode[] {
  const nodes: ReactNode[] = []
  let at = 0
  let next = 0
  for (const [s, span] of spans.entries()) {
    let from = 0
    while (from < span.text.length) {
      while (next < hits.length && hits[next]!.end <= at + from) next++
      const hit = hits[next]
      const inside = hit !== undefined && hit.start <= at + from
      const end = hit === undefined ? span.text.length : Math.min(span.text.length, (inside ? hit.end : hit.start) - at)
      const piece = <Piece key={`${s}.${from}`} span={span} text={span.text.slice(from, end)} />
      nodes.push(inside ? <mark key={`m${s}.${from}`} className={hit === current ? 'is-current' : undefined}>{piece}</mark> : piece)
      from = end
    }
    at += span.text.length
  }
  return nodes
}

const looks = new WeakMap<Sgr, { className: string; style: CSSProperties | undefined }>()

function look(sgr: Sgr): { className: string; style: CSSProperties | undefined } {
  let made = looks.get(sgr)
  if (!made) {
    made = makeLook(sgr)
    looks.set(sgr, made)
  }
  return made
}

function makeLook(sgr: Sgr): { className: string; style: CSSProperties | undefined } {
  const classes: string[] = []
  const style: Record<string, string> = {}
  const [fg, bg] = sgr.inverse ? [sgr.bg, sgr.fg] : [sgr.fg, sgr.bg]
  const color = (part: 'fg' | 'bg', value: AnsiColor | null) => {
    if (value === null) {
      // On the tint of a palette colour the page's own text colour is the one to read.
      const onTint = part === 'fg' && typeof bg === 'number' && bg < 16
      if (sgr.inverse && !onTint) classes.push(`a-${part}-inverse`)
      return
    }
    const custom = typeof value === 'string' ? value : paletteColor(value)
    if (custom === null) classes.push(`a-${part}-${value}`)
    else {
      // Where there is no background of its own, the style sheet keeps the colour readable on the page's.
      classes.push(part === 'fg' && bg === null && !sgr.inverse ? 'a-fg-custom' : `a-${part}-exact`)
      style[`--a-${part}`] = custom
    }
  }
  color('fg', fg)
  color('bg', bg)
  if (sgr.bold) classes.push('a-bold')
  if (sgr.dim) classes.push('a-dim')
  if (sgr.italic) classes.push('a-italic')
  if (sgr.underline) classes.push('a-underline')
  if (sgr.strike) classes.push('a-strike')
  return { className: classes.join(' '), style: Object.keys(style).length > 0 ? (style as CSSProperties) : undefined }
}

/** Figures or facts that became known while the status stayed; a log's first entry is the task itself. */
function isReport(row: { previous: string | null; offset: number }): boolean {
  return row.previous === null && row.offset > 1
}
