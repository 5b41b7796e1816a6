import type { SocketLike } from './client'

/** A WebSocket in the hand of a test. */
export class FakeSocket implements SocketLike {
  static all: FakeSocket[] = []
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }

  readyState = 0
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly sent: Record<string, unknown>[] = []
  closedWith: number | null = null

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>)
  }

  close(code = 1005): void {
    this.readyState = 3
    this.closedWith = code
  }

  /** The server accepts. */
  connected(): void {
    this.readyState = 1
    this.receive({ type: 'connected', client_id: 'c1', heartbeat_seconds: 25 })
  }

  receive(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }

  /** The server, or the network, ends it. */
  drop(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code })
  }

  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame['type'] === type)
  }
}
