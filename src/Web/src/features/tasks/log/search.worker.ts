import { type Query, findMatches } from './search'

// A pattern can take for ever on one line; here it holds up nobody, and the page ends this worker in time.
self.onmessage = (event: MessageEvent<{ texts: string[]; query: Query }>) => {
  const { texts, query } = event.data
  self.postMessage({ matches: findMatches(texts, query) })
}
