import { ApiError } from '../api/http'

/** What went wrong, in words, and a way to try again. `compact` is one line, where the last known state stays to be seen. */
export function ErrorNotice({ error, retry, compact = false }: { error: unknown; retry: () => void; compact?: boolean }) {
  const known = error instanceof ApiError ? error : null
  const message = known?.message ?? 'Something unexpected went wrong.'
  if (compact) {
    return (
      <span className="inline-error" role="alert" title={`${message} Shown is the last known state.`}>
        <span>{message}</span>
        <button className="link-button" onClick={retry}>Try again</button>
      </span>
    )
  }
  return (
    <div className="state" role="alert">
      <h2>{known?.unreachable ? 'The server is not there' : 'This could not be loaded'}</h2>
      <p>{message}</p>
      {known?.requestId && <p className="muted mono">Request {known.requestId}</p>}
      <button className="button is-primary" onClick={retry}>Try again</button>
    </div>
  )
}
