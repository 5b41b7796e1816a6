import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../../api/types'
import { Geometry, ROW } from './geometry'
import { LogModel } from './logModel'
import { type ViewRow, buildView, cellWidth, closedFoldAt, indexOfAddress, indexOfTime, shortOf, textOf } from './logView'

const time = (offset: number) => new Date(1_760_000_000_000 + offset * 60_000).toISOString()
const entry = (offset: number, kind: string, output: string): LogEntry => ({ offset, type: 'output', kind, output, timestamp: time(offset) })
const tenLines = Array.from({ length: 10 }, (_, i) => `r${i}`).join('\n')

function rows() {
  const model = new LogModel()
  model.insert([entry(1, 'output', 'a\nb\n'), entry(2, 'tool_result', tenLines), entry(3, 'thinking', 'hm'), { offset: 4, type: 'status', status: 'completed', previous: 'running', timestamp: time(4) }])
  return model.rows()
}

const show = (view: readonly ViewRow[]) => view.map((row) => textOf(row) ?? row.type)
const none = new Set<never>()
const closed = () => false
const opened = () => true

describe('the view', () => {
  it('folds blocks of several lines until they are opened, and shows a single line as it is', () => {
    expect(show(buildView(rows(), none, closed))).toEqual(['a', 'b', 'head', 'hm', 'status'])
    expect(show(buildView(rows(), none, (offset) => offset === 2))).toEqual(['a', 'b', 'head', ...tenLines.split('\n'), 'hm', 'status'])
  })

  it('hides kinds', () => {
    expect(show(buildView(rows(), new Set(['tool_result', 'status']), closed))).toEqual(['a', 'b', 'hm'])
    expect(show(buildView(rows(), new Set(['output', 'thinking', 'tool_result']), closed))).toEqual(['status'])
  })

  it('shows where the source was interrupted', () => {
    const view = buildView(rows(), none, closed, [{ type: 'interruption', offset: 1, index: 0, reason: 'x' }, { type: 'interruption', offset: 4, index: 0, reason: 'y' }])
    expect(show(view)[2]).toBe('interruption')
    expect(view.at(-1)?.type).toBe('interruption')
  })

  it('finds rows by address and by time', () => {
    const view = buildView(rows(), none, opened)
    expect(show(view)[indexOfAddress(view, { offset: 1, index: 1 })]).toBe('b')
    expect(show(view)[indexOfAddress(view, { offset: 2, index: 3 })]).toBe('r3')
    expect(indexOfAddress(view, { offset: 99, index: 0 })).toBe(view.length)
    expect(show(view)[indexOfTime(view, Date.parse(time(3)) - 1)]).toBe('hm')
    expect(indexOfTime(view, Date.parse(time(9)))).toBe(view.length)
  })

  it('reckons columns', () => {
    expect(['abc', 'a\tb', '漢字', '🎉', 'é'].map(cellWidth)).toEqual([3, 9, 4, 2, 1])
  })
})

describe('a call of a tool', () => {
  const call = (offset: number, input: unknown, name = 'Bash'): LogEntry => ({ ...entry(offset, 'tool_call', `${name} {…}\n`), data: { name, input } })
  const result = (offset: number, output: string, name = 'Bash', is_error = false): LogEntry => ({ ...entry(offset, 'tool_result', output), data: { name, is_error } })
  const view = (entries: LogEntry[], isOpen: (offset: number) => boolean = closed) => {
    const model = new LogModel()
    model.insert(entries)
    return buildView(model.rows(), none, isOpen)
  }

  it('is one line with its result, and both when opened', () => {
    const entries = [call(1, { command: 'npm test', timeout: 5 }), result(2, 'ok\nfine'), entry(3, 'output', 'after\n')]
    const folded = view(entries)
    expect(show(folded)).toEqual(['head', 'after'])
    const head = folded[0]!
    expect(head.type === 'head' && [shortOf(head.block), head.result?.lines]).toEqual(['npm test', ['ok', 'fine']])
    expect(show(view(entries, opened))).toEqual(['head', 'command: npm test', 'timeout: 5', 'ok', 'fine', 'after'])
  })

  it('takes no result that is of another tool or does not follow it', () => {
    expect(show(view([call(1, {}), call(2, {}, 'Read'), result(3, 'a\nb'), result(4, 'c', 'Read')]))).toEqual(['head', 'head', 'head', 'c'])
    expect(show(view([call(1, {}), entry(2, 'output', 'x\n'), result(3, 'a')]))).toEqual(['head', 'x', 'a'])
  })

  it('says what it is about, whatever its input', () => {
    const about = (input: unknown) => {
      const head = view([call(1, input)])[0]!
      return head.type === 'head' ? shortOf(head.block) : null
    }
    expect(about({ description: 'later', file_path: '/a.ts' })).toBe('/a.ts')
    expect(about({ command: '\u001b[31mred\u001b[0m\nrm' })).toBe('red')
    expect([about({ n: 1 }), about('text'), about([1]), about(null), about({})]).toEqual(['{"n":1}', 'text', '', '', ''])
  })

  it('is found by a link into it or into its result', () => {
    const folded = view([entry(1, 'output', 'a\n'), call(2, { command: 'x' }), result(3, 'r0\nr1'), entry(4, 'output', 'b\n')])
    expect([1, 2, 3, 4].map((offset) => closedFoldAt(folded, { offset, index: 1 })?.offset ?? null)).toEqual([null, 2, 2, null])
    expect(closedFoldAt(view([call(2, {})], opened), { offset: 2, index: 0 })).toBeNull()
  })
})

describe('geometry', () => {
  const model = new LogModel()
  model.insert(Array.from({ length: 50 }, (_, i) => entry(i + 1, 'output', `${'x'.repeat((i * 37) % 300)}\n`)))
  const view = buildView(model.rows(), none, opened)

  it('is plain without wrapping', () => {
    const plain = new Geometry(view, 0, new Map())
    expect(plain.height).toBe(50 * ROW)
    expect([0, 19.9, 20, 999, 5000].map((y) => plain.indexAt(y))).toEqual([0, 0, 1, 49, 49])
  })

  it('finds the same row that it placed, when wrapped', () => {
    const wrapped = new Geometry(view, 80, new Map([[view[3]!, 61]]))
    expect(wrapped.rowHeight(3)).toBe(61)
    expect(wrapped.rowHeight(0)).toBe(ROW)
    for (let i = 0; i < view.length; i++) {
      expect(wrapped.indexAt(wrapped.top(i))).toBe(i)
      expect(wrapped.indexAt(wrapped.top(i + 1) - 0.1)).toBe(i)
    }
  })

  it('of nothing is nothing', () => {
    expect(new Geometry([], 80, new Map()).indexAt(100)).toBe(0)
    expect(new Geometry([], 0, new Map()).height).toBe(0)
  })
})
