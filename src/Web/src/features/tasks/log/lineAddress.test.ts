import { describe, expect, it } from 'vitest'
import { formatAddress, formatRange, inRange, markdownQuote, orderedRange, parseRange } from './lineAddress'

const at = (offset: number, index = 0) => ({ offset, index })

describe('line addresses', () => {
  it.each(['L120', 'L120.3', 'L120-L140', 'L120.3-L140', 'L1.2-L1.5'])('%s survives being read and written', (text) => {
    expect(formatRange(parseRange(`#${text}`)!)).toBe(text)
  })

  it('index 0 is plain', () => {
    expect(formatAddress(at(7))).toBe('L7')
    expect(parseRange('#L7.0')).toEqual({ from: at(7), to: at(7) })
  })

  it('a range is in order whichever way it is drawn, and its short form is understood', () => {
    expect(parseRange('#L140-L120')).toEqual({ from: at(120), to: at(140) })
    expect(parseRange('#L120-140')).toEqual({ from: at(120), to: at(140) })
    expect(formatRange(orderedRange(at(5, 2), at(5)))).toBe('L5-L5.2')
  })

  it.each(['', '#', '#L', '#L0', '#12', '#Labc', '#L1-', '#L1.', '#L1.2.3', '#L99999999999999999', '#L-1', '#L1<script>'])('%s is none', (hash) => {
    expect(parseRange(hash)).toBeNull()
  })

  it('knows what is inside', () => {
    const range = parseRange('#L2.1-L4')
    expect([at(2), at(2, 1), at(3, 99), at(4), at(4, 1)].map((a) => inRange(a, range))).toEqual([false, true, true, true, false])
    expect(inRange(at(1), null)).toBe(false)
  })
})

describe('Markdown quotes', () => {
  it('link back and keep the lines as they are', () => {
    expect(markdownQuote(['npm test', '', '  ok'], 'Fix [it] · L1-L3', 'http://h/tasks/1#L1-L3')).toBe(
      '> [Fix \\[it\\] · L1-L3](http://h/tasks/1#L1-L3)\n> ```\n> npm test\n>\n>   ok\n> ```\n',
    )
  })

  it('cannot be broken out of by backticks in the log', () => {
    expect(markdownQuote(['````', '```js'], 't', 'u')).toContain('> `````\n> ````\n> ```js\n> `````')
  })
})
