import { ApiError } from '../api/http'

/** What went wrong, in words, and a way to try again. */
export function ErrorNotice({ error, retry, compact = false }: { error: unknown; retry: () => void; compact?: boolean }) {
  const known = error instanceof ApiError ? error : null
  const message = known?.message ?? 'Something unexpected went wrong.'
  if (compact) {
    return (
      <div className="notice is-error" role="alert">
        <span>{message} Shown is the last known state.</span>
        <button className="button" onClick={retry}>Try again</button>
      </div>
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
