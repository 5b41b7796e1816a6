/** Which conversations the list shows; it lives in the address, so that a view can be sent to somebody. */
export const archiveChoices = [
  { value: '', label: 'Active' },
  { value: 'archived', label: 'Archived' },
  { value: 'all', label: 'All' },
] as const

export type Archive = (typeof archiveChoices)[number]['value']

export interface ConversationFilters {
  /** What the title contains. */
  text: string
  archive: Archive
  user: string
  /** The thread at a source, such as `github:owner/repo#42`. */
  flow: string
}

/** The server looks up words of three letters or more. */
export const MIN_TEXT = 3
const MAX_TEXT = 200

export function parseFilters(search: URLSearchParams): ConversationFilters {
  const archive = search.get('show') ?? ''
  const field = (name: string, length: number) => (search.get(name) ?? '').slice(0, length)
  return {
    text: field('q', MAX_TEXT),
    archive: archiveChoices.find((choice) => choice.value === archive)?.value ?? '',
    user: field('user', 255),
    flow: field('flow', 255),
  }
}

export function toSearch({ text, archive, user, flow }: ConversationFilters): URLSearchParams {
  const search = new URLSearchParams()
  if (text) search.set('q', text)
  if (archive) search.set('show', archive)
  if (user) search.set('user', user)
  if (flow) search.set('flow', flow)
  return search
}

export const isFiltered = ({ text, archive, user, flow }: ConversationFilters): boolean => text.trim() !== '' || archive !== '' || user !== '' || flow !== ''

export function toApiQuery({ text, archive, user, flow }: ConversationFilters, limit: number, cursor: string | null): string {
  const query = new URLSearchParams({ limit: String(limit) })
  if (text.trim().length >= MIN_TEXT) query.set('text', text.trim())
  if (archive === 'all') query.set('include_archived', 'true')
  else query.set('archived', String(archive === 'archived'))
  if (user.trim()) query.set('user_id', user.trim())
  if (flow.trim()) query.set('flow_id', flow.trim())
  if (cursor !== null) query.set('cursor', cursor)
  return query.toString()
}
