/** What was looked at last, for finding it again; kept in the browser. */
const KEY = 'groote.recent'
const MAX = 8

export interface Place {
  kind: 'task' | 'conversation'
  id: string
  title: string
}

export function recentPlaces(): Place[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(list) ? list.filter(isPlace).slice(0, MAX) : []
  } catch {
    return [] // storage may be forbidden, or somebody else's
  }
}

export function visited(place: Place): void {
  try {
    const others = recentPlaces().filter((other) => other.kind !== place.kind || other.id !== place.id)
    localStorage.setItem(KEY, JSON.stringify([{ ...place, title: place.title.slice(0, 200) }, ...others].slice(0, MAX)))
  } catch {
    // then there is nothing recent
  }
}

const isPlace = (value: unknown): value is Place => {
  const place = value as Partial<Place> | null
  return (place?.kind === 'task' || place?.kind === 'conversation') && typeof place.id === 'string' && typeof place.title === 'string'
}

export const placePath = ({ kind, id }: Pick<Place, 'kind' | 'id'>): string => `/${kind === 'task' ? 'tasks' : 'conversations'}/${encodeURIComponent(id)}`
