/** What was written and not sent, kept in the browser: a reload, a crash or a long way without a network loses no word. */
import type { Unsent } from './thread'

const DRAFT = 'groote.draft.'
const UNSENT = 'groote.unsent.'
const MAX_CHARS = 200_000

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null // storage may be forbidden
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null || value.length > MAX_CHARS) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    // it then lasts for as long as the page is open
  }
}

export const readDraft = (conversation: string): string => read(DRAFT + conversation) ?? ''
export const writeDraft = (conversation: string, text: string): void => write(DRAFT + conversation, text === '' ? null : text)

/** What a visit before left unsent. It may have arrived all the same, so it is sent again only when somebody says so, under its old id. */
export function readUnsent(conversation: string): Unsent[] {
  try {
    const list: unknown = JSON.parse(read(UNSENT + conversation) ?? '[]')
    if (!Array.isArray(list)) return []
    return list.flatMap((one: Partial<Unsent>): Unsent[] =>
      typeof one?.message_id === 'string' && typeof one.content === 'string'
        ? [{ message_id: one.message_id, content: one.content, state: 'failed', error: 'The page was left before the server confirmed it.' }]
        : [])
  } catch {
    return []
  }
}

export const writeUnsent = (conversation: string, unsent: readonly Unsent[]): void =>
  write(UNSENT + conversation, unsent.length === 0 ? null : JSON.stringify(unsent.map(({ message_id, content }) => ({ message_id, content }))))

/** Also on plain HTTP, where `randomUUID` is missing. */
export function newMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `msg-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

let session: string | null = null

/** The session that this tab's messages belong to. */
export function sessionId(): string {
  if (session !== null) return session
  try {
    session = sessionStorage.getItem('groote.session')
    session ??= `web-${newMessageId().slice(4, 20)}`
    sessionStorage.setItem('groote.session', session)
  } catch {
    session ??= `web-${newMessageId().slice(4, 20)}`
  }
  return session
}
