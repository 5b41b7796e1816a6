/** From the model's rows to what is drawn: filtered by kind, blocks folded, one row per line of text. */
import { stripAnsi } from './ansi'
import type { LineAddress } from './lineAddress'
import { type BlockRow, type GapRow, type LineRow, type LogRow, type StatusRow, plainText } from './logModel'

export const FOLDED_LINES = 8

export interface BlockHead {
  readonly type: 'head'
  readonly offset: number
  readonly index: 0
  readonly block: BlockRow
}

export interface BlockLine {
  readonly type: 'body'
  readonly offset: number
  readonly index: number
  readonly block: BlockRow
  readonly raw: string
  plain?: string
}

export interface BlockMore {
  readonly type: 'more'
  readonly offset: number
  readonly index: number
  readonly block: BlockRow
  readonly expanded: boolean
}

export interface Interruption {
  readonly type: 'interruption'
  /** Something may be missing after this offset. */
  readonly offset: number
  readonly index: 0
  readonly reason: string
}

export type ViewRow = LineRow | StatusRow | GapRow | BlockHead | BlockLine | BlockMore | Interruption

export const kindOf = (row: LogRow): string =>
  row.type === 'line' ? 'output' : row.type === 'block' ? row.kind : row.type

interface BlockParts {
  head: BlockHead
  body: BlockLine[]
  more: BlockMore | null
  less: BlockMore | null
}

// A block never changes, so neither do the rows that draw it.
const partsOfBlock = new WeakMap<BlockRow, BlockParts>()

function parts(block: BlockRow): BlockParts {
  let made = partsOfBlock.get(block)
  if (!made) {
    const { offset, lines } = block
    const long = lines.length > FOLDED_LINES
    made = {
      head: { type: 'head', offset, index: 0, block },
      body: lines.map((raw, index) => ({ type: 'body', offset, index, block, raw })),
      more: long ? { type: 'more', offset, index: FOLDED_LINES, block, expanded: false } : null,
      less: long ? { type: 'more', offset, index: lines.length, block, expanded: true } : null,
    }
    partsOfBlock.set(block, made)
  }
  return made
}

export function buildView(
  rows: readonly LogRow[],
  hidden: ReadonlySet<string>,
  expanded: ReadonlySet<number>,
  interruptions: readonly Interruption[] = [],
): ViewRow[] {
  const view: ViewRow[] = []
  let nextInterruption = 0
  for (const row of rows) {
    while (nextInterruption < interruptions.length && interruptions[nextInterruption]!.offset < row.offset) {
      view.push(interruptions[nextInterruption++]!)
    }
    if (hidden.size > 0 && hidden.has(kindOf(row))) continue
    if (row.type !== 'block') {
      view.push(row)
      continue
    }
    const { head, body, more, less } = parts(row)
    const open = more === null || expanded.has(row.offset)
    view.push(head)
    for (let i = 0; i < (open ? body.length : FOLDED_LINES); i++) view.push(body[i]!)
    const toggle = open ? less : more
    if (toggle) view.push(toggle)
  }
  while (nextInterruption < interruptions.length) view.push(interruptions[nextInterruption++]!)
  return view
}

/** The row's own text, as it is searched, copied and quoted; null for what is not part of the log's text. */
export function textOf(row: ViewRow): string | null {
  if (row.type === 'line') return plainText(row)
  if (row.type === 'body') return (row.plain ??= stripAnsi(row.raw))
  return null
}

/** Rows that a link can name. */
export const isAddressable = (row: ViewRow): boolean =>
  row.type === 'line' || row.type === 'body' || row.type === 'status'

/** The first row at or after the address. */
export function indexOfAddress(view: readonly ViewRow[], { offset, index }: LineAddress): number {
  let low = 0
  let high = view.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = view[middle]!
    if (row.offset < offset || (row.offset === offset && row.index < index)) low = middle + 1
    else high = middle
  }
  return low
}

/** The first row with a time at or after `time`; rows without a time take that of what follows. */
export function indexOfTime(view: readonly ViewRow[], time: number): number {
  for (let i = 0; i < view.length; i++) {
    const row = view[i]!
    const stamp = row.type === 'head' ? row.block.time : row.type === 'line' || row.type === 'status' ? row.time : ''
    if (stamp !== '' && Date.parse(stamp) >= time) return i
  }
  return view.length
}

/** Columns that the text takes in a fixed-width font: tabs stop every 8, wide characters take two. */
export function cellWidth(text: string): number {
  let cells = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 9) cells += 8 - (cells % 8)
    else if (code < 0x1100) cells += 1
    else if (code >= 0xd800 && code <= 0xdbff) {
      cells += 2
      i++
    } else if (
      code <= 0x115f || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60)
    ) cells += 2
    else cells += 1
  }
  return cells
}

/** The longest text that is drawn of one line; the rest stays in copies, the search and the download. */
export const DRAWN_CHARS = 4_000
