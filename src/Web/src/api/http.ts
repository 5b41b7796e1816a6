/** The one way to the REST API: a deadline on every request, and problem details as errors. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    readonly requestId?: string,
    /** What is wrong with which field, where the server says so. */
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
  ) {
    super(message)
  }

  get unreachable(): boolean {
    return this.status === 0
  }
}

const DEADLINE_MS = 20_000

let reportReachability: (answers: boolean) => void = () => undefined

/** Lets the connection badge know whether the server answers HTTP. */
export function onReachability(report: (answers: boolean) => void): void {
  reportReachability = report
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await requestJson<T>(path, signal ? { signal } : {})).body
}

/** A page of a list whose answer names in a header where it goes on. */
export async function getPage<T>(path: string, signal?: AbortSignal): Promise<{ items: T[]; next: string | null }> {
  const { body, headers } = await requestJson<T[]>(path, signal ? { signal } : {})
  return { items: body, next: headers.get('next-cursor') }
}

/** `keepalive`: the request goes on when the page is left. */
export async function sendJson<T>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, options: { signal?: AbortSignal; keepalive?: boolean } = {},
): Promise<T> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return (await requestJson<T>(path, { ...options, method, ...content })).body
}

async function requestJson<T>(path: string, init: RequestInit): Promise<{ body: T; headers: Headers }> {
  const signal = init.signal ?? undefined
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  let response: Response
  try {
    response = await fetch(path, {
      ...init,
      headers: { accept: 'application/json', ...init.headers },
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    reportReachability(false)
    throw new ApiError(0, deadline.aborted ? 'The server did not answer in time.' : 'The server cannot be reached.')
  }
  // A proxy in front of a dead server answers 502 or 504 in its name.
  reportReachability(response.status !== 502 && response.status !== 504)
  if (!response.ok) throw await toApiError(response)
  try {
    return { body: (await response.json()) as T, headers: response.headers }
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(response.status, 'The server sent an answer that is not JSON.')
  }
}

async function toApiError(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as { detail?: unknown; title?: unknown; request_id?: unknown; errors?: unknown }
    const message =
      typeof problem.detail === 'string' ? problem.detail : typeof problem.title === 'string' ? problem.title : null
    return new ApiError(
      response.status,
      message ?? `The server answered ${response.status}.`,
      typeof problem.request_id === 'string' ? problem.request_id : undefined,
      toFields(problem.errors),
    )
  } catch {
    return new ApiError(response.status, `The server answered ${response.status}.`)
  }
}

function toFields(errors: unknown): Record<string, string[]> {
  if (typeof errors !== 'object' || errors === null) return {}
  return Object.fromEntries(Object.entries(errors).filter(([, messages]) => Array.isArray(messages)).map(([field, messages]) => [field, (messages as unknown[]).map(String)]))
}

export const taskPath = (id: string): string => `/api/tasks/${encodeURIComponent(id)}`
export const conversationPath = (id: string): string => `/api/conversations/${encodeURIComponent(id)}`
