import { cleanup, render } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { Markdown } from './Markdown'
import { hiddenHost, safeHref } from './links'

afterEach(cleanup)

const draw = (text: string) => render(<Markdown text={text} />).container

describe('an address', () => {
  it('is a link if it is http, https or mailto, and whole', () => {
    expect(['https://a.example/x', 'HTTP://A.example', 'mailto:a@b.example', ' https://a.example/ '].map(safeHref)).toEqual([
      'https://a.example/x', 'http://a.example/', 'mailto:a@b.example', 'https://a.example/',
    ])
    for (const evil of [
      'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd',
      'blob:https://a.example/1', '/api/conversations', '//evil.example', '#here', '', 'https://',
    ]) expect([evil, safeHref(evil)]).toEqual([evil, null])
  })

  it('that reads as another one than it is gives its host away', () => {
    expect(hiddenHost('https://evil.example/x', 'https://bank.example/login')).toBe('evil.example')
    expect(hiddenHost('https://evil.example/', 'bank.example')).toBe('evil.example')
    expect(hiddenHost('https://bank.example@evil.example/', 'bank.example')).toBe('evil.example')
    expect(hiddenHost('https://bank.example/login', 'https://bank.example')).toBeNull()
    expect(hiddenHost('https://www.bank.example/', 'bank.example')).toBeNull()
    expect(hiddenHost('https://a.example/', 'the docs')).toBeNull()
    expect(hiddenHost('https://a.example/', 'see 1.2 below')).toBeNull()
  })
})

describe('markdown', () => {
  it('is drawn: headings below those of the page, lists, tables, code', () => {
    const page = draw('# Title\n\nOne **two** _three_ ~~four~~ `five`\nsix\n\n1. a\n2. b\n   - c\n\n- [x] done\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n> said\n\n---\n\n```ts title\nconst a = "<b>"\n```')
    expect(page.querySelector('h3')?.textContent).toBe('Title')
    expect(page.querySelector('p')?.innerHTML).toBe('One <strong>two</strong> <em>three</em> <del>four</del> <code>five</code><br>six')
    expect(page.querySelectorAll('ol > li').length).toBe(2)
    expect(page.querySelector('ol ul li')?.textContent).toBe('c')
    expect(page.querySelector<HTMLInputElement>('li.is-task input')?.checked).toBe(true)
    expect(page.querySelector('th')?.style.textAlign).toBe('right')
    expect(page.querySelector('blockquote')?.textContent).toBe('said')
    expect(page.querySelector('figcaption span')?.textContent).toBe('ts')
    expect(page.querySelector('pre code')?.textContent).toBe('const a = "<b>"')
  })

  it('makes no HTML, loads nothing, and links nowhere that it must not', () => {
    const page = draw('<script>x</script>\n\na <img src=x onerror=y> b\n\n![pixel](https://t.example/p.png)\n\n[bad](javascript:x)\n\n[r][q]\n\n[q]: data:text/html,x\n\n<javascript:alert(1)>')
    expect(page.querySelectorAll('script, img, [onerror]').length).toBe(0)
    expect([...page.querySelectorAll('a')].map((a) => a.getAttribute('href'))).toEqual(['https://t.example/p.png'])
    expect(page.querySelector('a')?.rel).toContain('noopener')
    expect(page.textContent).toContain('<script>x</script>')
    expect(page.textContent).toContain('<img src=x onerror=y>')
    // What must not be a link is shown as it was written.
    expect(page.textContent).toContain('[bad](javascript:x)')
  })

  it('hides nothing: escape sequences and overrides of direction are dropped', () => {
    expect(draw('a\u001b[31mred\u001b[0m \u001b]0;title\u0007b abc\u202Egnp.exe').textContent).toBe('ared b abcgnp.exe')
  })

  it('stands what nobody writes in earnest', () => {
    for (const text of ['>'.repeat(20_000), '['.repeat(20_000), '*'.repeat(20_000), '- '.repeat(10_000) + 'x', '_a'.repeat(10_000), '`'.repeat(20_000), '|'.repeat(20_000), '<'.repeat(20_000), '\n'.repeat(20_000)]) {
      const started = performance.now()
      expect(draw(text).textContent!.length).toBeLessThanOrEqual(text.length + 10)
      // Many times what it takes, and far from what would hold up a page for good.
      expect([text.slice(0, 2), performance.now() - started < 3_000]).toEqual([text.slice(0, 2), true])
    }
    expect(draw('x'.repeat(300_000)).querySelector('pre')?.textContent?.length).toBe(300_000)
  })

  it('that grows draws its finished blocks once', () => {
    const { container, rerender } = render(<Markdown text={'First\n\nSecond'} />)
    const first = container.querySelector('p')!
    first.setAttribute('data-mark', 'same')
    rerender(<Markdown text={'First\n\nSecond and more\n\n- third'} />)
    expect(container.querySelector('p')?.getAttribute('data-mark')).toBe('same')
    expect(container.querySelectorAll('p')[1]?.textContent).toBe('Second and more')
    // An address that is defined below is the address of a link above.
    rerender(<Markdown text={'See [it]\n\nSecond'} />)
    rerender(<Markdown text={'See [it]\n\n[it]: https://a.example/'} />)
    expect(container.querySelector('a')?.getAttribute('href')).toBe('https://a.example/')
  })
})
