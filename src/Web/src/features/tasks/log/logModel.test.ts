import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../../api/types'
import { formatAddress } from './lineAddress'
import { LogModel, type LogRow, plainText } from './logModel'

const out = (offset: number, output: string): LogEntry => ({ offset, type: 'output', kind: 'output', output, timestamp: time(offset) })
const block = (offset: number, kind: string, output: string): LogEntry => ({ offset, type: 'output', kind, output, timestamp: time(offset) })
const status = (offset: number, name: string): LogEntry => ({ offset, type: 'status', status: name, previous: 'other', timestamp: time(offset) })
const time = (offset: number) => new Date(1_760_000_000_000 + offset * 1000).toISOString()

function show(rows: readonly LogRow[]): string[] {
  return rows.map((row) => {
    switch (row.type) {
      case 'line': return `${formatAddress(row)} ${plainText(row)}`
      case 'block': return `${formatAddress(row)} [${row.kind}] ${row.lines.join('|')}`
      case 'status': return `${formatAddress(row)} (${row.status})`
      case 'gap': return `${row.lost ? 'lost' : 'gap'} ${row.offset}-${row.to}`
    }
  })
}

function model(...batches: LogEntry[][]): LogModel {
  const made = new LogModel()
  for (const batch of batches) made.insert(batch)
  return made
}

describe('lines', () => {
  it('names every line by the chunk in which it starts', () => {
    const log = model([out(1, 'a\nb\nc'), out(2, 'c\nd\n'), out(3, 'e\n')])
    expect(show(log.rows())).toEqual(['L1 a', 'L1.1 b', 'L1.2 cc', 'L2 d', 'L3 e'])
  })

  it('keeps empty lines and a line over many chunks', () => {
    const log = model([out(1, 'x\n\n'), out(2, 'a'), out(3, 'b'), out(4, ''), out(5, 'c\n\n')])
    expect(show(log.rows())).toEqual(['L1 x', 'L1.1 ', 'L2 abc', 'L5 '])
  })

  it('leaves out a report that brings nothing to show, and keeps one with a figure', () => {
    const report = (offset: number, data: Record<string, unknown>): LogEntry => ({ offset, type: 'status', status: 'completed', timestamp: time(offset), data })
    const log = model([out(1, 'a\n'), report(2, { version: 3 }), report(3, { version: 4, cost_usd: 0.5 }), out(4, 'b\n')])
    expect(show(log.rows())).toEqual(['L1 a', 'L3 (completed)', 'L4 b'])
  })

  it('ends a line at anything that is not output', () => {
    const log = model([out(1, 'a'), block(2, 'tool_call', 'ls\n-l\n'), out(3, 'b'), status(4, 'completed')])
    expect(show(log.rows())).toEqual(['L1 a', 'L2 [tool_call] ls|-l', 'L3 b', 'L4 (completed)'])
  })

  it('shows the last state of a progress line, and takes CRLF as one line end', () => {
    const log = model([out(1, '10%\r'), out(2, '50%\r'), out(3, '99%\r\n'), out(4, 'done\r'), out(5, '\nnext\r\n')])
    expect(show(log.rows())).toEqual(['L1 99%', 'L4 done', 'L5 next'])
  })

  it('folds an endless progress bar', () => {
    const log = model()
    for (let i = 1; i <= 5000; i++) log.insert([out(i, `\x1b[3${i % 8}m${i} of 5000 ........\r`)])
    const row = log.rows()[0]!
    expect(row.type === 'line' && row.raw.length).toBeLessThan(10_000)
    expect(show(log.rows())).toEqual(['L1 5000 of 5000 ........'])
  })

  it('carries colours from line to line, also when a sequence is cut in two', () => {
    const log = model([out(1, '\x1b[3'), out(2, '1mred\nstill\x1b[0m\nplain\n')])
    const rows = log.rows()
    expect(show(rows)).toEqual(['L1 red', 'L2 still', 'L2.1 plain'])
    expect(rows.map((row) => row.type === 'line' && row.start.fg)).toEqual([null, 1, null])
  })
})

describe('splicing', () => {
  it('drops what is there already', () => {
    const log = model([out(1, 'a\n'), out(2, 'b\n')], [out(2, 'b\n'), out(2, 'b\n'), out(3, 'c\n'), out(3, 'c\n')])
    expect(show(log.rows())).toEqual(['L1 a', 'L2 b', 'L3 c'])
    expect(log.insert([out(1, 'other\n')])).toBe(0)
  })

  it('shows a gap until it is filled, in whatever order', () => {
    const log = model([out(5, 'e\n')], [out(9, 'i\n')])
    expect(show(log.rows())).toEqual(['gap 1-4', 'L5 e', 'gap 6-8', 'L9 i'])
    expect(log.missing()).toEqual([{ from: 1, to: 4 }, { from: 6, to: 8 }])
    log.insert([out(7, 'g\n')])
    log.insert([out(8, 'h\n'), out(6, 'f\n')])
    log.insert([1, 2, 3, 4].map((n) => out(n, `${n}\n`)))
    expect(show(log.rows())).toEqual(['L1 1', 'L2 2', 'L3 3', 'L4 4', 'L5 e', 'L6 f', 'L7 g', 'L8 h', 'L9 i'])
    expect(log.missing()).toEqual([])
  })

  it('knows that something is missing at the end', () => {
    const log = model([out(1, 'a\n')])
    log.noteHead(3)
    expect(log.missing()).toEqual([{ from: 2, to: 3 }])
    log.noteHead(2)
    expect(log.lastKnown).toBe(3)
  })

  it('renames the first lines of a segment when the page before it arrives', () => {
    const log = model([out(3, 'tail of two\nb\nc'), out(4, 'c\nd\n')])
    expect(show(log.rows())).toEqual(['gap 1-2', 'L3 tail of two', 'L3.1 b', 'L3.2 cc', 'L4 d'])
    expect(log.isTentative(log.rows()[1]!)).toBe(true)
    expect(log.isTentative(log.rows()[4]!)).toBe(false)
    log.insert([out(1, 'one\n'), out(2, 'two: ')])
    expect(show(log.rows())).toEqual(['L1 one', 'L2 two: tail of two', 'L3 b', 'L3.1 cc', 'L4 d'])
  })

  it('carries colours into what was loaded before', () => {
    const log = model([out(2, 'b\n'), out(3, 'c\x1b[0m\n'), out(4, 'd\n')])
    log.insert([out(1, '\x1b[32ma\n')])
    expect(log.rows().map((row) => row.type === 'line' && row.start.fg)).toEqual([null, 2, 2, null])
  })

  it('gives up what the server does not have', () => {
    const log = model([out(1, 'a')], [out(6, 'f\n')])
    log.insert([out(4, 'd\n')])
    log.markLost(2, 5)
    expect(show(log.rows())).toEqual(['L1 a', 'lost 2-3', 'L4 d', 'lost 5-5', 'L6 f'])
    expect(log.missing()).toEqual([])
  })

  it('lets old rows go and takes them back', () => {
    const entries = Array.from({ length: 100 }, (_, i) => out(i + 1, i % 3 === 0 ? `line ${i}\nmore` : ` ${i}\n`))
    const log = model(entries)
    const whole = show(log.rows())
    log.trim(40)
    expect(log.rowCount).toBeLessThanOrEqual(41)
    log.insert(entries)
    expect(show(log.rows())).toEqual(whole)
  })

  it('ends the same whatever the order, the cuts and the repeats', () => {
    let seed = 7
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    const pieces = ['a', 'bb\n', '\n', 'c\nd', '\x1b[31m', 'e\r', '\x1b[0m\n', '', 'f\n\ng\n']
    for (let round = 0; round < 200; round++) {
      const entries = Array.from({ length: 30 }, (_, i) => {
        const kind = random(12)
        if (kind === 0) return status(i + 1, 'running')
        if (kind === 1) return block(i + 1, 'thinking', 'hm')
        return out(i + 1, Array.from({ length: random(4) }, () => pieces[random(pieces.length)]).join(''))
      })
      const straight = model(entries)
      const shuffled = new LogModel()
      const batches: LogEntry[][] = []
      for (let from = 0; from < 30; ) {
        const size = 1 + random(5)
        batches.push(entries.slice(from, from + size))
        from += size
      }
      batches.push(entries.slice(random(30)))
      while (batches.length > 0) shuffled.insert(batches.splice(random(batches.length), 1)[0]!)
      expect(shuffled.missing()).toEqual([])
      expect(show(shuffled.rows())).toEqual(show(straight.rows()))
      expect(shuffled.rows().map((row) => row.type === 'line' && row.start)).toEqual(
        straight.rows().map((row) => row.type === 'line' && row.start),
      )
    }
  })

  it('takes 100,000 lines live, one by one, in good time', () => {
    const log = new LogModel()
    const started = performance.now()
    for (let i = 1; i <= 100_000; i++) log.insert([out(i, `line ${i}\n`)])
    expect(log.rowCount).toBe(100_000)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
