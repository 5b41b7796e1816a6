/** Where each row is. Without wrapping every row is as high as any other and nothing need be computed. */
import { DRAWN_CHARS, type ViewRow, cellWidth, textOf } from './logView'

export const ROW = 20

export class Geometry {
  private readonly tops: Float64Array | null

  constructor(
    private readonly rows: readonly ViewRow[],
    /** Columns at which lines wrap; 0 does not wrap. */
    columns: number,
    /** True heights of rows that turned out other than reckoned. */
    measured: ReadonlyMap<ViewRow, number>,
  ) {
    if (columns <= 0) {
      this.tops = null
      return
    }
    const tops = new Float64Array(rows.length + 1)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      tops[i + 1] = tops[i]! + (measured.get(row) ?? estimate(row, columns))
    }
    this.tops = tops
  }

  get height(): number {
    return this.top(this.rows.length)
  }

  top(index: number): number {
    return this.tops ? this.tops[Math.min(index, this.rows.length)]! : Math.min(index, this.rows.length) * ROW
  }

  rowHeight(index: number): number {
    return this.top(index + 1) - this.top(index)
  }

  /** The row at that height. */
  indexAt(y: number): number {
    const last = this.rows.length - 1
    if (!this.tops) return Math.max(0, Math.min(last, Math.floor(y / ROW)))
    let low = 0
    let high = Math.max(0, last)
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.tops[middle]! <= y) low = middle
      else high = middle - 1
    }
    return low
  }
}

// How wide a line is does not change; how many columns there are does.
const widths = new WeakMap<ViewRow, number>()

function estimate(row: ViewRow, columns: number): number {
  let cells = widths.get(row)
  if (cells === undefined) {
    const text = textOf(row)
    cells = text === null ? 0 : cellWidth(text.length > DRAWN_CHARS ? text.slice(0, DRAWN_CHARS) : text)
    widths.set(row, cells)
  }
  return Math.max(1, Math.ceil(cells / columns)) * ROW
}
