import { useEffect } from 'react'

/** What the tab says without being looked at: its title, and a dot on its icon. */
export type Dot = 'none' | 'queued' | 'running' | 'waiting' | 'completed' | 'failed'

const dotColors: Record<Exclude<Dot, 'none'>, string> = {
  queued: '#94a3b8',
  running: '#3b82f6',
  waiting: '#f59e0b',
  completed: '#22c55e',
  failed: '#ef4444',
}

export function faviconUrl(dot: Dot): string {
  // A halo in the icon's own colour keeps the dot apart from it on light and dark tab bars.
  const mark =
    dot === 'none'
      ? ''
      : `<circle cx="24" cy="24" r="8.5" fill="#0f172a"/><circle cx="24" cy="24" r="6.5" fill="${dotColors[dot]}"/>`
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f172a"/>' +
    '<path d="M16 5v22M16 13c-4 0-7-2-7-5M16 13c4 0 7-2 7-5M16 20c-5 0-9-2-9-6M16 20c5 0 9-2 9-6" ' +
    `fill="none" stroke="#5eead4" stroke-width="2.6" stroke-linecap="round"/>${mark}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

export function usePageMark(title: string, dot: Dot): void {
  useEffect(() => {
    document.title = `${title} · Groote`
  }, [title])
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (link) link.href = faviconUrl(dot)
  }, [dot])
}
