import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds, such as `(max-width: 700px)`. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches)
}

/** Where rows become cards and filters move to a sheet; the style sheets say the same. */
export const useIsNarrow = (): boolean => useMedia('(max-width: 700px)')
