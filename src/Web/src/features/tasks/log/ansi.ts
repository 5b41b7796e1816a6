/**
 * ANSI escape sequences of agent output. Of all of them only SGR (colour and weight) means something here;
 * every other one is dropped, and so are control characters. The text is untrusted: what comes out are
 * spans of plain text for text nodes.
 */

/** A colour: 0-255 of the palette, or `#rrggbb`. */
export type AnsiColor = number | `#${string}`

export interface Sgr {
  readonly fg: AnsiColor | null
  readonly bg: AnsiColor | null
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly strike: boolean
  readonly inverse: boolean
}

export const plainSgr: Sgr = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
}

export interface Span {
  text: string
  sgr: Sgr
}

/*
 * One escape sequence, complete or cut off by the end of the text:
 *   CSI  ESC [ parameters final          (also the one-character form U+009B)
 *   OSC, DCS, SOS, PM, APC: a string that ends in BEL or ST; unended ones swallow no more than the line
 *   ESC intermediate* final              (charset selection and the like)
 * Every alternative consumes without overlap, so matching is linear in the length of the text.
 */
const escape =
  /(?:\x1b\[|\x9b)([\x30-\x3f]*)([\x20-\x2f]*)([\x40-\x7e]?)|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g

// Bidirectional overrides can make a line read as something that it is not.
const unprintable =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const interesting = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/

const sameColor = (a: AnsiColor | null, b: AnsiColor | null) => a === b

export const sameSgr = (a: Sgr, b: Sgr): boolean =>
  a === b ||
  (sameColor(a.fg, b.fg) &&
    sameColor(a.bg, b.bg) &&
    a.bold === b.bold &&
    a.dim === b.dim &&
    a.italic === b.italic &&
    a.underline === b.underline &&
    a.strike === b.strike &&
    a.inverse === b.inverse)

/** Applies the parameters of one SGR sequence (`31;1`, `38;5;208`, `38:2::1:2:3`). Unknown ones are skipped. */
export function applySgr(state: Sgr, parameters: string): Sgr {
  // Private forms such as ESC [ > 4 ; 2 m are not SGR.
  if (/[<=>?]/.test(parameters)) return state
  let next: { -readonly [K in keyof Sgr]: Sgr[K] } = { ...state }
  const groups = parameters === '' ? ['0'] : parameters.split(';')
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] ?? ''
    const parts = group.split(':')
    const code = parts[0] === '' ? 0 : Number(parts[0])
    if (code === 38 || code === 48) {
      let color: AnsiColor | null
      if (parts.length > 1) {
        color = extendedColor(parts.slice(1), true).color
      } else {
        const taken = extendedColor(groups.slice(i + 1, i + 5), false)
        color = taken.color
        i += taken.used
      }
      if (color !== null) next[code === 38 ? 'fg' : 'bg'] = color
    } else if (code === 0) next = { ...plainSgr }
    else if (code === 1) next.bold = true
    else if (code === 2) next.dim = true
    else if (code === 3) next.italic = true
    else if (code === 4) next.underline = parts[1] !== '0'
    else if (code === 7) next.inverse = true
    else if (code === 9) next.strike = true
    else if (code === 21) next.underline = true
    else if (code === 22) next.bold = next.dim = false
    else if (code === 23) next.italic = false
    else if (code === 24) next.underline = false
    else if (code === 27) next.inverse = false
    else if (code === 29) next.strike = false
    else if (code >= 30 && code <= 37) next.fg = code - 30
    else if (code === 39) next.fg = null
    else if (code >= 40 && code <= 47) next.bg = code - 40
    else if (code === 49) next.bg = null
    else if (code >= 90 && code <= 97) next.fg = code - 90 + 8
    else if (code >= 100 && code <= 107) next.bg = code - 100 + 8
  }
  return sameSgr(next, plainSgr) ? plainSgr : next
}

function extendedColor(parts: string[], colons: boolean): { color: AnsiColor | null; used: number } {
  const byte = (value: string | undefined): number | null => {
    const number = value === undefined || value === '' ? 0 : Number(value)
    return Number.isInteger(number) && number >= 0 && number <= 255 ? number : null
  }
  if (parts[0] === '5') {
    return { color: parts.length > 1 ? byte(parts[1]) : null, used: Math.min(2, parts.length) }
  }
  if (parts[0] === '2') {
    // With colons a colour space may stand before the three values: 38:2::r:g:b.
    const rgb = colons && parts.length > 4 ? parts.slice(2, 5) : parts.slice(1, 4)
    const [r, g, b] = rgb.map(byte)
    const used = Math.min(4, parts.length)
    if (rgb.length < 3 || r == null || g == null || b == null) return { color: null, used }
    return { color: `#${[r, g, b].map((v) => v.toString(16).padStart(2, '0')).join('')}`, used }
  }
  return { color: null, used: parts.length > 0 ? 1 : 0 }
}

/** The text without any sequence or control character (tabs stay). */
export function stripAnsi(text: string): string {
  return interesting.test(text) ? text.replace(escape, '').replace(unprintable, '') : text
}

/** The state after the text. */
export function sgrAfter(text: string, start: Sgr): Sgr {
  let state = start
  if (!/[\x1b\x9b]/.test(text)) return state
  for (const match of text.matchAll(escape)) {
    if (match[3] === 'm' && match[2] === '') state = applySgr(state, match[1] ?? '')
  }
  return state
}

/** One line, without its line end, as spans of equal look. */
export function parseAnsi(text: string, start: Sgr): Span[] {
  if (!interesting.test(text)) return text === '' ? [] : [{ text, sgr: start }]
  const spans: Span[] = []
  let state = start
  let from = 0
  const push = (raw: string) => {
    const clean = raw.replace(unprintable, '')
    if (clean === '') return
    const last = spans[spans.length - 1]
    if (last && sameSgr(last.sgr, state)) last.text += clean
    else spans.push({ text: clean, sgr: state })
  }
  for (const match of text.matchAll(escape)) {
    push(text.slice(from, match.index))
    from = match.index + match[0].length
    if (match[3] === 'm' && match[2] === '') state = applySgr(state, match[1] ?? '')
  }
  push(text.slice(from))
  return spans
}

/**
 * What a carriage return leaves visible: the last state of the line. The colours that the overwritten
 * states switched on are kept, as a terminal would.
 */
export function lastState(raw: string): string {
  let end = raw.length
  while (end > 0 && raw.charCodeAt(end - 1) === 13) end--
  const cut = raw.lastIndexOf('\r', end - 1)
  if (cut < 0) return end === raw.length ? raw : raw.slice(0, end)
  return sgrOnly(raw.slice(0, cut)) + raw.slice(cut + 1, end)
}

function sgrOnly(text: string): string {
  let kept = ''
  for (const match of text.matchAll(escape)) {
    if (match[3] !== 'm' || match[2] !== '') continue
    // A reset makes everything before it void; this also keeps endless progress bars short.
    kept = /^0*$/.test(match[1] ?? '') ? match[0] : kept + match[0]
  }
  return kept.length > 256 ? kept.slice(kept.lastIndexOf('\x1b', kept.length - 1)) : kept
}

// The 6x6x6 cube and the greys of the 256-colour palette; the first 16 belong to the theme.
export function paletteColor(index: number): `#${string}` | null {
  if (index < 16) return null
  if (index >= 232) {
    const grey = (8 + (index - 232) * 10).toString(16).padStart(2, '0')
    return `#${grey}${grey}${grey}`
  }
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40).toString(16).padStart(2, '0')
  const cube = index - 16
  return `#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`
}
