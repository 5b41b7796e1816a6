/** From the model's rows to what is drawn: filtered by kind, blocks folded, one row per line of text. */
import { stripAnsi } from './ansi'
import type { LineAddress } from './lineAddress'
import { type BlockRow, type GapRow, type LineRow, type LogRow, type StatusRow, plainText } from './logModel'

/** What a fold shows of itself: a call of a tool with its result, thoughts, or a longer note. */
export interface BlockHead {
  readonly type: 'head'
  readonly offset: number
  readonly index: 0
  readonly block: BlockRow
  /** Of a call: what came back, if that stands right behind it. */
  readonly result: BlockRow | null
  readonly open: boolean
}

export interface BlockLine {
  readonly type: 'body'
  readonly offset: number
  readonly index: number
  readonly block: BlockRow
  readonly raw: string
  /** The block is this one line, and has no head. */
  readonly alone: boolean
  plain?: string
}

export interface Interruption {
  readonly type: 'interruption'
  /** Something may be missing after this offset. */
  readonly offset: number
  readonly index: 0
  readonly reason: string
}

export type ViewRow = LineRow | StatusRow | GapRow | BlockHead | BlockLine | Interruption

export const kindOf = (row: LogRow): string =>
  row.type === 'line' ? 'output' : row.type === 'block' ? row.kind : row.type

// A block never changes, so neither do the rows that draw it.
const bodies = new WeakMap<BlockRow, readonly BlockLine[]>()
const heads = new WeakMap<BlockRow, BlockHead[]>()

function bodyOf(block: BlockRow): readonly BlockLine[] {
  let made = bodies.get(block)
  if (!made) {
    const lines = callLines(block) ?? block.lines
    const alone = lines.length === 1 && block.kind !== 'tool_call'
    made = lines.map((raw, index) => ({ type: 'body', offset: block.offset, index, block, raw, alone }))
    bodies.set(block, made)
  }
  return made
}

function headOf(block: BlockRow, result: BlockRow | null, open: boolean): BlockHead {
  let made = heads.get(block)
  if (!made) heads.set(block, (made = []))
  let head = made.find((other) => other.result === result && other.open === open)
  if (!head) made.push((head = { type: 'head', offset: block.offset, index: 0, block, result, open }))
  return head
}

/** The input of a call, readable: one field a line, texts as they are. Null where there are no fields. */
function callLines({ kind, data }: BlockRow): string[] | null {
  const fields = kind === 'tool_call' ? fieldsOf(data['input']) : null
  if (fields === null) return null
  return Object.entries(fields).flatMap(([name, value]) => {
    const lines = (typeof value === 'string' ? value : JSON.stringify(value)).split('\n')
    return lines.map((line, i) => (i === 0 ? `${name}: ${line}` : `  ${line}`))
  })
}

const fieldsOf = (input: unknown): Record<string, unknown> | null =>
  typeof input === 'object' && input !== null && !Array.isArray(input) && Object.keys(input).length > 0 ? (input as Record<string, unknown>) : null

const tellingFields = ['command', 'file_path', 'path', 'pattern', 'query', 'url', 'prompt', 'description', 'message']
const SHORT = 200

/** What a folded block is about, in one line. */
export function shortOf({ kind, data, lines }: BlockRow): string {
  if (kind !== 'tool_call') return firstLine(lines.find((line) => line.trim() !== '') ?? '')
  const fields = fieldsOf(data['input'])
  if (fields === null) return typeof data['input'] === 'string' ? firstLine(data['input']) : ''
  const telling = tellingFields.map((name) => fields[name]).find((value) => typeof value === 'string')
  return firstLine(typeof telling === 'string' ? telling : JSON.stringify(fields))
}

const firstLine = (text: string): string => stripAnsi(text.trimStart().split('\n', 1)[0]!.slice(0, SHORT))

const isResultOf = (call: BlockRow, row: LogRow | undefined): row is BlockRow =>
  call.kind === 'tool_call' && row?.type === 'block' && row.kind === 'tool_result'
  && (call.data['name'] === row.data['name'] || call.data['name'] === undefined || row.data['name'] === undefined)

export function buildView(
  rows: readonly LogRow[],
  hidden: ReadonlySet<string>,
  /** Whether the fold that begins at this offset is open. */
  isOpen: (offset: number) => boolean,
  interruptions: readonly Interruption[] = [],
): ViewRow[] {
  const shown = hidden.size === 0 ? rows : rows.filter((row) => !hidden.has(kindOf(row)))
  const view: ViewRow[] = []
  let nextInterruption = 0
  for (let i = 0; i < shown.length; i++) {
    const row = shown[i]!
    while (nextInterruption < interruptions.length && interruptions[nextInterruption]!.offset < row.offset) {
      view.push(interruptions[nextInterruption++]!)
    }
    if (row.type !== 'block') {
      view.push(row)
      continue
    }
    const body = bodyOf(row)
    const next = shown[i + 1]
    const result = isResultOf(row, next) ? next : null
    if (result) i++
    if (body[0]?.alone) {
      view.push(body[0])
      continue
    }
    const open = isOpen(row.offset)
    view.push(headOf(row, result, open))
    if (!open) continue
    for (const line of body) view.push(line)
    if (result) for (const line of bodyOf(result)) view.push(line)
  }
  while (nextInterruption < interruptions.length) view.push(interruptions[nextInterruption++]!)
  return view
}

/** The closed fold in which the line at this address lies, if it lies in one. */
export function closedFoldAt(view: readonly ViewRow[], address: LineAddress): BlockHead | null {
  let at = indexOfAddress(view, { offset: address.offset, index: 0 })
  if (at >= view.length || view[at]!.offset > address.offset) at--
  const row = view[at]
  return row?.type === 'head' && !row.open && (row.result?.offset ?? row.offset) >= address.offset ? row : null
}

/** The row's own text, as it is searched, copied and quoted; null for what is not part of the log's text. */
export function textOf(row: ViewRow): string | null {
  if (row.type === 'line') return plainText(row)
  if (row.type === 'body') return (row.plain ??= stripAnsi(row.raw))
  return null
}

/** Rows that a link can name. */
export const isAddressable = (row: ViewRow): boolean =>
  row.type === 'line' || row.type === 'body' || row.type === 'status' || (row.type === 'head' && !row.open)

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
    const stamp = row.type === 'head' || row.type === 'body' ? row.block.time : row.type === 'line' || row.type === 'status' ? row.time : ''
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
