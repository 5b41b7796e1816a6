/** Search within the log. Pure, and shared by the page and the worker that runs regular expressions. */
export interface Query {
  text: string
  regex: boolean
  matchCase: boolean
}

/** Matches as parallel arrays: `line` is the index of the text that was searched. */
export interface Matches {
  line: number[]
  start: number[]
  end: number[]
  /** There are more than `MAX_MATCHES`. */
  truncated: boolean
}

export const MAX_MATCHES = 10_000
export const MAX_PATTERN = 1_000

/** Why the pattern cannot be used, or null. */
export function patternError({ text, regex, matchCase }: Query): string | null {
  if (text.length > MAX_PATTERN) return `The pattern is longer than ${MAX_PATTERN} characters`
  if (!regex) return null
  try {
    new RegExp(text, matchCase ? 'g' : 'gi')
    return null
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    return message.slice(message.lastIndexOf(': ') + 2) || 'Not a valid pattern'
  }
}

export function findMatches(texts: readonly string[], query: Query, limit = MAX_MATCHES): Matches {
  const found: Matches = { line: [], start: [], end: [], truncated: false }
  if (query.text === '' || patternError(query) !== null) return found
  const each = query.regex ? regexMatcher(query) : textMatcher(query)
  for (let line = 0; line < texts.length; line++) {
    each(texts[line]!, (start, end) => {
      if (found.line.length >= limit) {
        found.truncated = true
        return false
      }
      found.line.push(line)
      found.start.push(start)
      found.end.push(end)
      return true
    })
    if (found.truncated) break
  }
  return found
}

type Matcher = (text: string, take: (start: number, end: number) => boolean) => void

function textMatcher({ text, matchCase }: Query): Matcher {
  // Lower case may change the length of a text (İ), which would shift what is marked: such lines are rare,
  // and searched by a pattern instead.
  const needle = matchCase ? text : text.toLowerCase()
  const fallback = regexMatcher({ text: text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), regex: true, matchCase })
  return (line, take) => {
    const hay = matchCase ? line : line.toLowerCase()
    if (hay.length !== line.length) return fallback(line, take)
    for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) {
      if (!take(at, at + needle.length)) return
    }
  }
}

function regexMatcher({ text, matchCase }: Query): Matcher {
  const pattern = new RegExp(text, matchCase ? 'g' : 'gi')
  return (line, take) => {
    for (const match of line.matchAll(pattern)) {
      if (match[0] !== '' && !take(match.index, match.index + match[0].length)) return
    }
  }
}
