import { createContext, useContext, useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react'
import type { ChannelListener, ConnectionState, RealtimeClient } from './client'

const RealtimeContext = createContext<RealtimeClient | null>(null)

export function RealtimeProvider({ client, children }: { client: RealtimeClient; children: ReactNode }) {
  return <RealtimeContext value={client}>{children}</RealtimeContext>
}

export function useRealtime(): RealtimeClient {
  const client = useContext(RealtimeContext)
  if (!client) throw new Error('useRealtime needs a RealtimeProvider')
  return client
}

export function useConnection(): ConnectionState {
  const client = useRealtime()
  return useSyncExternalStore(client.onState, client.getState)
}

/** True while the socket delivers; screens poll when it does not. */
export function useIsLive(): boolean {
  const client = useRealtime()
  return useSyncExternalStore(client.onState, () => client.getState().status === 'live')
}

/** Listens to a channel for as long as the component is mounted; the listener may change freely. */
export function useChannel(channel: string, listener: ChannelListener): void {
  const client = useRealtime()
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => {
    const subscription = client.subscribe(channel, {
      onFrame: (frame) => latest.current.onFrame?.(frame),
      onSubscribed: (position, recovered) => latest.current.onSubscribed?.(position, recovered),
      onGap: (gap) => latest.current.onGap?.(gap),
      onReset: (position) => latest.current.onReset?.(position),
      onRefused: (code, message) => latest.current.onRefused?.(code, message),
    })
    return () => subscription.close()
  }, [client, channel])
}

export const POLL_MS = 2_000

/** The `refetchInterval` of a query that the socket keeps fresh while it is up. */
export function usePollInterval(): number | false {
  return useIsLive() ? false : POLL_MS
}
