import { describe, expect, it } from 'vitest'
import { type Sgr, applySgr, lastState, paletteColor, parseAnsi, plainSgr, sgrAfter, stripAnsi } from './ansi'

const E = '\x1b'
const spans = (text: string, start: Sgr = plainSgr) =>
  parseAnsi(text, start).map(({ text: piece, sgr }) => {
    const on = Object.entries(sgr).filter(([, value]) => value !== null && value !== false)
    return on.length === 0 ? piece : [piece, Object.fromEntries(on)]
  })

describe('SGR', () => {
  it('colours: 16, 256 and true', () => {
    expect(spans(`a${E}[31mb${E}[92mc${E}[44;103md${E}[39;49me`)).toEqual([
      'a', ['b', { fg: 1 }], ['c', { fg: 10 }], ['d', { fg: 10, bg: 11 }], 'e',
    ])
    expect(spans(`${E}[38;5;208mx${E}[48;2;1;2;255my`)).toEqual([['x', { fg: 208 }], ['y', { fg: 208, bg: '#0102ff' }]])
    expect(spans(`${E}[38:5:9mx${E}[38:2::10:20:30my${E}[38:2:1:2:3mz`)).toEqual([['x', { fg: 9 }], ['y', { fg: '#0a141e' }], ['z', { fg: '#010203' }]])
  })

  it('weights, and what ends them', () => {
    expect(spans(`${E}[1;2;3;4;7;9mx${E}[22my${E}[23;24;27;29mz`)).toEqual([
      ['x', { bold: true, dim: true, italic: true, underline: true, inverse: true, strike: true }],
      ['y', { italic: true, underline: true, inverse: true, strike: true }],
      'z',
    ])
    expect(spans(`${E}[4:3mcurly${E}[4:0mno`)).toEqual([['curly', { underline: true }], 'no'])
    expect(spans(`${E}[1mx${E}[my`)).toEqual([['x', { bold: true }], 'y'])
  })

  it('skips what it does not know, and only that', () => {
    expect(applySgr(plainSgr, '99;31;1000;58')).toEqual({ ...plainSgr, fg: 1 })
    expect(applySgr(plainSgr, '38;5')).toBe(plainSgr)
    expect(applySgr(plainSgr, '38;5;999;31').fg).toBe(1)
    expect(applySgr(plainSgr, '38;2;1;2')).toBe(plainSgr)
    expect(applySgr(plainSgr, '>4;2')).toBe(plainSgr)
    expect(applySgr({ ...plainSgr, bold: true }, '0')).toBe(plainSgr)
  })

  it('goes on from what was before', () => {
    const red = sgrAfter(`${E}[31mtext`, plainSgr)
    expect(spans('next', red)).toEqual([['next', { fg: 1 }]])
    expect(sgrAfter(`x${E}[0my`, red)).toBe(plainSgr)
    expect(sgrAfter('no sequence', red)).toBe(red)
  })

  it('knows the palette', () => {
    expect([15, 16, 21, 196, 231, 232, 255].map(paletteColor)).toEqual([null, '#000000', '#0000ff', '#ff0000', '#ffffff', '#080808', '#eeeeee'])
  })
})

describe('everything else', () => {
  it('is dropped', () => {
    for (const sequence of [
      `${E}[2J`, `${E}[K`, `${E}[1;5H`, `${E}[?25l`, `${E}[6n`, `${E}[!p`, `${E}[ q`, `${E}c`, `${E}7`, `${E}(B`, `${E}=`,
      `${E}]0;title\x07`, `${E}]8;;https://evil.example${E}\\`, `${E}]52;c;aGk=\x07`, `${E}P+q544e${E}\\`, `${E}_apc${E}\\`, `${E}^pm${E}\\`,
      '\x9b31q', '\x07', '\b', '\x00', '\x7f', '\u202e', '\u2066',
    ]) expect([sequence, stripAnsi(`a${sequence}b`), spans(`a${sequence}b`)]).toEqual([sequence, 'ab', ['ab']])
  })

  it('keeps the text of a hyperlink, tabs, and characters of all scripts', () => {
    expect(stripAnsi(`${E}]8;;https://x.example/${E}\\link${E}]8;;${E}\\!`)).toBe('link!')
    expect(stripAnsi('a\tb é 漢字 🎉 ✓')).toBe('a\tb é 漢字 🎉 ✓')
  })

  it('does not let an unended string swallow more than the line', () => {
    expect(stripAnsi(`a${E}]0;never ends`)).toBe('a')
    expect(stripAnsi(`${E}[31`)).toBe('')
    expect(stripAnsi(E)).toBe('')
  })

  it('makes the same text by spans as by stripping, and nothing but printable text, of any input', () => {
    let seed = 42
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    const parts = [E, `${E}[`, `${E}]`, `${E}P`, `${E}\\`, '\x07', '\x9b', '\x9c', 'm', ';', '3', '38;5;', '2', ':', '?', ' ', 'x', '<script>', '\u202e', '\x00', '漢', 'K', '\t']
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: random(24) }, () => parts[random(parts.length)]).join('')
      const made = parseAnsi(text, plainSgr)
      const joined = made.map((span) => span.text).join('')
      expect(joined).toBe(stripAnsi(text))
      expect(joined).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/)
      expect(made.every((span) => span.text !== '')).toBe(true)
      expect(sgrAfter(text, plainSgr)).toEqual(applyAll(text))
    }
    function applyAll(text: string): Sgr {
      const end = parseAnsi(`${text}${E}\\|`, plainSgr).at(-1)!
      return end.text.endsWith('|') ? end.sgr : plainSgr
    }
  })

  it('stays linear on hostile input', () => {
    const started = performance.now()
    for (const text of [`${E}[`.repeat(100_000), `${E}[${'1;'.repeat(200_000)}m`, `${E}]${'x'.repeat(200_000)}`, `${E}${' '.repeat(200_000)}`, `${E}]`.repeat(100_000)]) {
      stripAnsi(text)
      parseAnsi(text, plainSgr)
      sgrAfter(text, plainSgr)
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('carriage returns', () => {
  it('leave the last state', () => {
    expect(['abc', '10%\r20%', '10%\r20%\r', '\r\rx', '\r', '', 'a\r\r'].map(lastState)).toEqual(['abc', '20%', '20%', 'x', '', '', 'a'])
  })

  it('keep the colours that were switched on before', () => {
    expect(lastState(`${E}[31m10%\r20%`)).toBe(`${E}[31m20%`)
    expect(lastState(`${E}[31m10%${E}[0m\r20%`)).toBe(`${E}[0m20%`)
    expect(lastState(`${`${E}[31m1${E}[32m2\r`.repeat(10_000)}end`).length).toBeLessThan(300)
  })
})
