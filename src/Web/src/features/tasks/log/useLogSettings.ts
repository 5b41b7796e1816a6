import { useCallback, useMemo } from 'react'
import { useLocation, useNavigate } from 'react-router'

export const toggleKinds = ['output', 'thinking', 'tool_call', 'tool_result', 'system', 'status'] as const

export interface LogSettings {
  hidden: ReadonlySet<string>
  wrap: boolean
  times: boolean
  /** Folds are open unless the reader closes them, instead of the other way round. */
  open: boolean
  search: string
  matchCase: boolean
  regex: boolean
}

export function parseLogSettings(params: URLSearchParams): LogSettings {
  const hide = (params.get('hide') ?? '').split(',')
  return {
    hidden: new Set(toggleKinds.filter((kind) => hide.includes(kind))),
    wrap: params.get('wrap') === '1',
    times: params.get('times') === '1',
    open: params.get('open') === '1',
    search: params.get('q') ?? '',
    matchCase: params.get('case') === '1',
    regex: params.get('regex') === '1',
  }
}

export function logSearchParams(before: URLSearchParams, settings: LogSettings): URLSearchParams {
  const params = new URLSearchParams(before)
  const set = (name: string, value: string) => (value === '' ? params.delete(name) : params.set(name, value))
  set('hide', [...settings.hidden].join(','))
  set('wrap', settings.wrap ? '1' : '')
  set('times', settings.times ? '1' : '')
  set('open', settings.open ? '1' : '')
  set('q', settings.search)
  set('case', settings.search !== '' && settings.matchCase ? '1' : '')
  set('regex', settings.search !== '' && settings.regex ? '1' : '')
  return params
}

/** How the log is shown lives in the address; the marked lines stay marked when it changes. */
export function useLogSettings(): [LogSettings, (change: Partial<LogSettings>) => void] {
  const location = useLocation()
  const navigate = useNavigate()
  const settings = useMemo(() => parseLogSettings(new URLSearchParams(location.search)), [location.search])
  const change = useCallback(
    (changed: Partial<LogSettings>) => {
      // The address bar is newer than the last render when two changes come in one turn.
      const params = new URLSearchParams(window.location.search)
      const next = logSearchParams(params, { ...parseLogSettings(params), ...changed })
      void navigate({ search: next.toString(), hash: window.location.hash }, { replace: true })
    },
    [navigate],
  )
  return [settings, change]
}
