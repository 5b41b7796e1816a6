/** Which addresses a text that nobody vouches for may link to. */

const SAFE = new Set(['http:', 'https:', 'mailto:'])

/** The address as it will be opened, or null where it must not be a link: only whole http, https and mailto addresses are. */
export function safeHref(href: string): string | null {
  try {
    // Without a base: what is relative would be an address of this page's own server.
    const url = new URL(href.trim())
    return SAFE.has(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

/** The host that a link leads to, where its text names another one: what is read and what is opened should be the same. */
export function hiddenHost(href: string, text: string): string | null {
  const target = hostOf(href)
  const shown = /^(?:https?:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?=$|[/:?#\s])/i.exec(text.trim())?.[1]?.toLowerCase()
  return target && shown && shown !== target && `www.${shown}` !== target ? target : null
}

function hostOf(href: string): string | null {
  try {
    return new URL(href).hostname || null
  } catch {
    return null
  }
}
