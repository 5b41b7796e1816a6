/**
 * Markdown from agents, as React elements. No HTML is ever made or read: what looks like HTML is shown as the text that it
 * is, and nothing is loaded from outside. The text is untrusted. (markdown-it stays linear on texts that are made to be
 * slow, and stops at a depth of 100.)
 */
import MarkdownIt, { type Token } from 'markdown-it'
import { type ReactNode, memo, useEffect, useMemo, useRef, useState } from 'react'
import { CopyIcon } from '../../app/icons'
import { stripAnsi } from '../../features/tasks/log/ansi'
import { copyText } from '../clipboard'
import { hiddenHost, safeHref } from './links'

/** Longer texts are shown as they are: reading them as markdown would hold up the page. */
const MAX_CHARS = 100_000

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true })
// Only what says that it is an address becomes one: `main.rs` and `v1.2.io` are none.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const clean = useMemo(() => stripAnsi(text.replace(/\r\n?/g, '\n')), [text])
  const blocks = useMemo(() => (clean.length > MAX_CHARS ? null : parse(clean)), [clean])
  if (!blocks) return <pre className="markdown-plain">{clean}</pre>
  return (
    <div className="markdown">
      {blocks.map(({ raw, node }, i) => <Block key={i} raw={raw} node={node} />)}
    </div>
  )
})

/** A token that opens something, with what is inside it; or one that stands alone. */
interface Node {
  token: Token
  inside: Node[]
}

function parse(text: string): { raw: string; node: Node }[] {
  const lines = text.split('\n')
  return nest(parser.parse(text, {})).map((node) => ({ node, raw: node.token.type + lines.slice(...(node.token.map ?? [0])).join('\n') }))
}

function nest(tokens: readonly Token[]): Node[] {
  const top: Node[] = []
  const open: Node[] = []
  for (const token of tokens) {
    if (token.nesting < 0) {
      open.pop()
      continue
    }
    const node: Node = { token, inside: token.type === 'inline' || token.type === 'image' ? nest(token.children ?? []) : [] }
    ;(open.at(-1)?.inside ?? top).push(node)
    if (token.nesting > 0) open.push(node)
  }
  return top
}

/** While a text grows only its last block changes; the others are drawn once. */
const Block = memo(
  function Block({ node }: { raw: string; node: Node }) {
    return draw(node)
  },
  // A link's address may be defined in another block.
  (before, after) => before.raw === after.raw && !after.raw.includes(']'),
)

const drawAll = (nodes: readonly Node[]): ReactNode[] => nodes.map((node, i) => <Drawn key={i} node={node} />)
const Drawn = ({ node }: { node: Node }) => draw(node)

function draw({ token, inside }: Node): ReactNode {
  switch (token.type) {
    case 'inline':
      return drawAll(inside)
    case 'text':
    case 'text_special':
      return token.content
    case 'softbreak':
    case 'hardbreak':
      return <br />
    case 'paragraph_open':
      // In a list whose items are close together, a paragraph is just its text.
      return token.hidden ? <span className="markdown-line">{drawAll(inside)}</span> : <p>{drawAll(inside)}</p>
    case 'heading_open': {
      // Below the page's own headings.
      const Heading = ({ h1: 'h3', h2: 'h4', h3: 'h5' } as const)[token.tag] ?? 'h6'
      return <Heading>{drawAll(inside)}</Heading>
    }
    case 'blockquote_open':
      return <blockquote>{drawAll(inside)}</blockquote>
    case 'bullet_list_open':
      return <ul>{drawAll(inside)}</ul>
    case 'ordered_list_open':
      return <ol start={Number(token.attrGet('start') ?? 1)}>{drawAll(inside)}</ol>
    case 'list_item_open':
      return <Item inside={inside} />
    case 'hr':
      return <hr />
    case 'fence':
    case 'code_block':
      return <CodeBlock code={token.content.replace(/\n$/, '')} lang={token.info} />
    case 'code_inline':
      return <code>{token.content}</code>
    case 'strong_open':
      return <strong>{drawAll(inside)}</strong>
    case 'em_open':
      return <em>{drawAll(inside)}</em>
    case 's_open':
      return <del>{drawAll(inside)}</del>
    case 'link_open':
      return <Anchor href={String(token.attrGet('href') ?? '')} text={plain(inside)}>{drawAll(inside)}</Anchor>
    case 'image':
      // Loading it would tell somebody outside that, and when, this was read.
      return <Anchor href={String(token.attrGet('src') ?? '')} text={plain(inside)}>{`🖼 ${plain(inside) || 'Image'}`}</Anchor>
    case 'table_open':
      return <div className="markdown-table" tabIndex={0} role="region" aria-label="Table"><table>{drawAll(inside)}</table></div>
    case 'thead_open':
      return <thead>{drawAll(inside)}</thead>
    case 'tbody_open':
      return <tbody>{drawAll(inside)}</tbody>
    case 'tr_open':
      return <tr>{drawAll(inside)}</tr>
    case 'th_open':
    case 'td_open': {
      const Cell = token.tag === 'th' ? 'th' : 'td'
      const align = /text-align:(left|right|center)/.exec(String(token.attrGet('style') ?? ''))?.[1] as 'left' | 'right' | 'center' | undefined
      return <Cell style={align ? { textAlign: align } : undefined}>{drawAll(inside)}</Cell>
    }
    default:
      return inside.length > 0 ? drawAll(inside) : token.content
  }
}

const plain = (nodes: readonly Node[]): string => nodes.map(({ token, inside }) => (inside.length > 0 ? plain(inside) : token.content)).join('')

const TASK = /^\[([ xX])\]\s+/

/** `- [x] done` is a task. */
function Item({ inside }: { inside: Node[] }) {
  const first = inside[0]?.inside[0]?.inside[0]
  const done = first?.token.type === 'text' ? TASK.exec(first.token.content)?.[1] : undefined
  if (first === undefined || done === undefined) return <li>{drawAll(inside)}</li>
  const checked = done !== ' '
  return (
    <li className="is-task">
      <input type="checkbox" checked={checked} disabled aria-label={checked ? 'Done' : 'To do'} />
      {drawAll(inside.map((node, i) => (i > 0 ? node : withoutBox(node))))}
    </li>
  )
}

/** The paragraph without the `[x]` at its beginning. */
function withoutBox(paragraph: Node): Node {
  const [line, ...lines] = paragraph.inside
  const [first, ...rest] = line!.inside
  const token = Object.assign(Object.create(Object.getPrototypeOf(first!.token) as object) as Token, first!.token, { content: first!.token.content.replace(TASK, '') })
  return { ...paragraph, inside: [{ ...line!, inside: [{ ...first!, token }, ...rest] }, ...lines] }
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
