import { Suspense, lazy, useMemo, useState } from 'react'
import { CopyIcon } from '../../app/icons'
import type { TaskDetails } from '../../api/types'
import { copyText } from '../../lib/clipboard'

/** Loaded when there is something to read. */
const Markdown = lazy(async () => ({ default: (await import('../../lib/markdown/Markdown')).Markdown }))

/** What a run came to: its error, which is shown, and its result, which opens. */
export function Outcome({ task }: { task: TaskDetails }) {
  const error = task.error?.trim()
  const result = task.result?.trim()
  if (!error && !result) return null
  return (
    <>
      {error && <Callout kind="error" title="Error" text={error} />}
      {result && <Callout kind="result" title="Result" text={result} />}
    </>
  )
}

/** A longer text than this is not looked through for JSON. */
const MAX_JSON = 500_000

export function prettyJson(text: string): string | null {
  if (!/^[[{]/.test(text) || text.length > MAX_JSON) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}

function Callout({ kind, title, text }: { kind: 'error' | 'result'; title: string; text: string }) {
  const json = useMemo(() => prettyJson(text), [text])
  // What an agent reports at the end is prose, mostly in markdown; an error is the output of some program.
  const prose = kind === 'result' && json === null
  const [raw, setRaw] = useState(false)
  const [copied, setCopied] = useState(false)
  const [first = '', ...rest] = text.split('\n')
  const long = rest.length > 0 || first.length > 160 || json !== null
  if (!long) {
    return (
      <div className={`callout is-${kind}`} data-testid={kind}>
        <b>{title}</b> <span className="callout-text">{first}</span>
      </div>
    )
  }
  return (
    <details className={`callout is-${kind}`} data-testid={kind} open={kind === 'error'}>
      <summary>
        <b>{title}</b> <span className="callout-text">{first}</span>
      </summary>
      <div className="callout-body">
        <div className="callout-tools">
          {(prose || json !== null) && <button className="toggle" aria-pressed={!raw} onClick={() => setRaw(!raw)}>Formatted</button>}
          <button className="icon-button" aria-label={`Copy the ${title.toLowerCase()}`} title={copied ? 'Copied' : 'Copy'} onClick={() => void copyText(text).then(setCopied)}><CopyIcon /></button>
        </div>
        {prose && !raw
          ? <div className="prose is-markdown"><Suspense fallback={<pre className="markdown-plain">{text}</pre>}><Markdown text={text} /></Suspense></div>
          : <pre className="prose">{raw ? text : (json ?? text)}</pre>}
      </div>
    </details>
  )
}
