/**
 * Markdown from agents, as React elements. No HTML is ever made or parsed: what marked takes for HTML is shown as the text
 * that it is, and nothing is loaded from outside. The text is untrusted.
 */
import { type MarkedToken, type Token, type Tokens, lexer } from 'marked'
import { type ReactNode, memo, useEffect, useMemo, useRef, useState } from 'react'
import { CopyIcon } from '../../app/icons'
import { stripAnsi } from '../../features/tasks/log/ansi'
import { copyText } from '../clipboard'
import { hiddenHost, safeHref } from './links'

/** Longer texts are shown as they are: reading them as markdown would hold up the page. */
const MAX_CHARS = 200_000
/** Nobody nests so deep in earnest. */
const MAX_DEPTH = 24

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const clean = useMemo(() => stripAnsi(text.replace(/\r\n?/g, '\n')), [text])
  const blocks = useMemo(() => parse(clean), [clean])
  if (!blocks) return <pre className="markdown-plain">{clean}</pre>
  return (
    <div className="markdown">
      {/* While a text grows only its last blocks change; the others are drawn once. */}
      {blocks.map((block, i) => <Block key={i} raw={block.raw} token={block} />)}
    </div>
  )
})

function parse(text: string): Token[] | null {
  if (text.length > MAX_CHARS) return null
  try {
    return lexer(text, { gfm: true, breaks: true })
  } catch {
    return null // such as thousands of nested quotes
  }
}

const Block = memo(
  function Block({ token }: { raw: string; token: Token }) {
    return block(token, 0)
  },
  // A link's address may be defined in another block.
  (before, after) => before.raw === after.raw && !after.raw.includes(']'),
)

const blocks = (tokens: readonly Token[], depth: number): ReactNode[] => tokens.map((token, i) => <BlockAt key={i} token={token} depth={depth} />)
const inlines = (tokens: readonly Token[], depth: number): ReactNode[] => tokens.map((token, i) => <InlineAt key={i} token={token} depth={depth} />)

const BlockAt = ({ token, depth }: { token: Token; depth: number }) => block(token, depth)
const InlineAt = ({ token, depth }: { token: Token; depth: number }) => inline(token, depth)

function block(any: Token, depth: number): ReactNode {
  if (depth > MAX_DEPTH) return any.raw
  const token = any as MarkedToken
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'hr':
      return <hr />
    case 'code':
      return <CodeBlock code={token.text} lang={token.lang} />
    case 'heading': {
      // Below the page's own headings.
      const Heading = (['h3', 'h4', 'h5', 'h6', 'h6', 'h6'] as const)[token.depth - 1] ?? 'h6'
      return <Heading>{inlines(token.tokens, depth + 1)}</Heading>
    }
    case 'paragraph':
      return <p>{inlines(token.tokens, depth + 1)}</p>
    case 'blockquote':
      return <blockquote>{blocks(token.tokens, depth + 1)}</blockquote>
    case 'list': {
      const items = token.items.map((item, i) => (
        <li key={i} className={item.task ? 'is-task' : undefined}>
          {blocks(item.tokens, depth + 1)}
        </li>
      ))
      return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>
    }
    case 'table':
      return <Table token={token} depth={depth} />
    case 'html':
      return <p>{token.raw.trimEnd()}</p>
    default:
      return inline(any, depth)
  }
}

function inline(any: Token, depth: number): ReactNode {
  if (depth > MAX_DEPTH) return any.raw
  const token = any as MarkedToken
  switch (token.type) {
    case 'text':
      return token.tokens ? inlines(token.tokens, depth + 1) : token.text
    case 'escape':
      return token.text
    case 'strong':
      return <strong>{inlines(token.tokens, depth + 1)}</strong>
    case 'em':
      return <em>{inlines(token.tokens, depth + 1)}</em>
    case 'del':
      return <del>{inlines(token.tokens, depth + 1)}</del>
    case 'codespan':
      return <code>{token.text}</code>
    case 'br':
      return <br />
    case 'checkbox':
      return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? 'Done' : 'To do'} />
    case 'link':
      return <Anchor href={token.href} text={token.text}>{inlines(token.tokens, depth + 1)}</Anchor>
    case 'image':
      // Loading it would tell somebody outside that, and when, this was read.
      return <Anchor href={token.href} text={token.text}>{`🖼 ${token.text || 'Image'}`}</Anchor>
    default:
      return any.raw
  }
}

function Anchor({ href, text, children }: { href: string; text: string; children: ReactNode }) {
  const safe = safeHref(href)
  if (safe === null) return <span title={`Not a link that may be opened: ${href.slice(0, 200)}`}>{children}</span>
  const host = hiddenHost(safe, text)
  return (
    <>
      <a href={safe} target="_blank" rel="noopener noreferrer nofollow" title={safe}>{children}</a>
      {host && <span className="markdown-host"> ({host})</span>}
    </>
  )
}

function Table({ token, depth }: { token: Tokens.Table; depth: number }) {
  const cell = (content: Tokens.TableCell, i: number, Cell: 'th' | 'td') => (
    <Cell key={i} style={content.align ? { textAlign: content.align } : undefined}>{inlines(content.tokens, depth + 1)}</Cell>
  )
  return (
    <div className="markdown-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead><tr>{token.header.map((content, i) => cell(content, i, 'th'))}</tr></thead>
        <tbody>{token.rows.map((row, r) => <tr key={r}>{row.map((content, i) => cell(content, i, 'td'))}</tr>)}</tbody>
      </table>
    </div>
  )
}

function CodeBlock({ code, lang }: { code: string; lang: string | undefined }) {
  const [copied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(() => () => void (timer.current !== null && clearTimeout(timer.current)), [])
  const copy = async () => {
    setCopied(await copyText(code))
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), 2_000)
  }
  return (
    <figure className="markdown-code">
      <figcaption>
        <span>{lang?.split(/\s/)[0]?.slice(0, 30) || 'text'}</span>
        <button className="markdown-copy" onClick={() => void copy()}>
          <CopyIcon /> {copied ? 'Copied' : 'Copy'}
        </button>
      </figcaption>
      <pre tabIndex={0}><code>{code}</code></pre>
    </figure>
  )
}
