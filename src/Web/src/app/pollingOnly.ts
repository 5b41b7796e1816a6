/** The reader's wish to see the page without its live connection, kept for the next visit. */
import type { RealtimeClient } from '../realtime/client'

const KEY = 'groote.polling'

export function isPollingOnly(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on'
  } catch {
    return false // storage may be forbidden
  }
}

export function setPollingOnly(client: RealtimeClient, on: boolean): void {
  try {
    if (on) localStorage.setItem(KEY, 'on')
    else localStorage.removeItem(KEY)
  } catch {
    // it then lasts for this visit
  }
  client.setLive(!on)
}
