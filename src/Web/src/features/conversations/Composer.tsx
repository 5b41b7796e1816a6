import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { SendIcon } from '../../app/icons'
import { ApiError } from '../../api/http'
import { useDebounced } from '../../lib/useDebounced'
import { readDraft, writeDraft } from './chatStorage'

const MAX_CHARS = 100_000

/**
 * Where one writes. Enter sends, Shift-Enter makes a line. The draft outlives a reload. Where `onSend` gives a promise, the
 * text stays until it is kept; else whoever takes it answers for it.
 */
export function Composer({ draftKey, label, placeholder, onSend, disabled = false, hint = null, aside, waiting = false, autoFocus = false }: {
  draftKey: string
  label: string
  placeholder: string
  onSend: (text: string) => void | Promise<void>
  disabled?: boolean
  hint?: string | null
  aside?: ReactNode
  /** An agent waits for what is written here. */
  waiting?: boolean
  autoFocus?: boolean
}) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(() => readDraft(draftKey))
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const rested = useDebounced(text, 300)
  useEffect(() => writeDraft(draftKey, rested), [draftKey, rested])
  const latest = useRef(text)
  useEffect(() => {
    latest.current = text
  })
  useEffect(() => {
    const keep = () => writeDraft(draftKey, latest.current)
    window.addEventListener('pagehide', keep)
    return () => {
      window.removeEventListener('pagehide', keep)
      keep()
    }
  }, [draftKey])
  useEffect(() => {
    // A phone would open its keyboard over what is to be read.
    if (autoFocus && !window.matchMedia?.('(pointer: coarse)').matches) field.current?.focus()
  }, [autoFocus])

  // As high as its text, up to what its style sheet allows.
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px`
  }, [text])

  // Words that could not be sent elsewhere come back here.
  useEffect(() => {
    const onReturn = (event: Event) => {
      const { key, text: back } = (event as CustomEvent<ReturnedText>).detail
      if (key !== draftKey) return
      setText((now) => (now.trim() === '' ? back : `${back}\n${now}`))
      field.current?.focus()
    }
    window.addEventListener(RETURNED, onReturn)
    return () => window.removeEventListener(RETURNED, onReturn)
  }, [draftKey])

  const empty = text.trim() === ''
  const submit = async () => {
    if (empty || disabled || sending) return
    setError(null)
    const result = onSend(text)
    if (result) {
      setSending(true)
      try {
        await result
      } catch (failure) {
        setError(failure instanceof ApiError ? failure.message : 'It could not be sent.')
        return
      } finally {
        setSending(false)
        field.current?.focus()
      }
    }
    setText('')
    writeDraft(draftKey, '')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends the choice of a Chinese or Japanese word is not meant for us.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void submit()
  }
  return (
    <form className={waiting ? 'composer is-waiting' : 'composer'} onSubmit={(event) => { event.preventDefault(); void submit() }}>
      {aside && <div className="composer-aside">{aside}</div>}
      {hint && <div className="composer-hint muted" role="status">{hint}</div>}
      {error && (
        <div className="composer-error" role="alert">
          Not sent: {error} <button type="submit" className="link-button">Try again</button>
        </div>
      )}
      <div className="composer-box">
        <textarea ref={field} rows={1} aria-label={label} placeholder={placeholder} value={text} maxLength={MAX_CHARS} readOnly={sending}
          onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} enterKeyHint="send" />
        <button className="composer-send" type="submit" disabled={empty || disabled || sending} aria-label={sending ? 'Sending' : 'Send'} title="Send (Enter)">
          <SendIcon />
        </button>
      </div>
    </form>
  )
}

const RETURNED = 'groote:returned-text'

interface ReturnedText {
  key: string
  text: string
}

/** Gives words back to the composer of this draft. */
export function returnText(key: string, text: string): void {
  window.dispatchEvent(new CustomEvent<ReturnedText>(RETURNED, { detail: { key, text } }))
}
