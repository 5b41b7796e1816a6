import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../../api/types'
import { Geometry, ROW } from './geometry'
import { LogModel } from './logModel'
import { type ViewRow, buildView, cellWidth, indexOfAddress, indexOfTime, textOf } from './logView'

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

describe('the view', () => {
  it('folds long blocks until they are opened', () => {
    expect(show(buildView(rows(), none, none))).toEqual(['a', 'b', 'head', 'r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'more', 'head', 'hm', 'status'])
    expect(show(buildView(rows(), none, new Set([2]))).slice(2, 14)).toEqual(['head', ...tenLines.split('\n'), 'more'])
  })

  it('hides kinds', () => {
    expect(show(buildView(rows(), new Set(['tool_result', 'status']), none))).toEqual(['a', 'b', 'head', 'hm'])
    expect(show(buildView(rows(), new Set(['output', 'thinking', 'tool_result']), none))).toEqual(['status'])
  })

  it('shows where the source was interrupted', () => {
    const view = buildView(rows(), none, none, [{ type: 'interruption', offset: 1, index: 0, reason: 'x' }, { type: 'interruption', offset: 4, index: 0, reason: 'y' }])
    expect(show(view)[2]).toBe('interruption')
    expect(view.at(-1)?.type).toBe('interruption')
  })

  it('finds rows by address and by time', () => {
    const view = buildView(rows(), none, none)
    expect(show(view)[indexOfAddress(view, { offset: 1, index: 1 })]).toBe('b')
    expect(show(view)[indexOfAddress(view, { offset: 2, index: 3 })]).toBe('r3')
    expect(indexOfAddress(view, { offset: 99, index: 0 })).toBe(view.length)
    expect(show(view)[indexOfTime(view, Date.parse(time(3)) - 1)]).toBe('head')
    expect(indexOfTime(view, Date.parse(time(9)))).toBe(view.length)
  })

  it('reckons columns', () => {
    expect(['abc', 'a\tb', '漢字', '🎉', 'é'].map(cellWidth)).toEqual([3, 9, 4, 2, 1])
  })
})

describe('geometry', () => {
  const model = new LogModel()
  model.insert(Array.from({ length: 50 }, (_, i) => entry(i + 1, 'output', `${'x'.repeat((i * 37) % 300)}\n`)))
  const view = buildView(model.rows(), none, none)

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
