/** A TCP proxy before the server, in which a test can cut the WebSockets, or everything. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { baseUrl } from './environment'

export class CuttingProxy {
  private readonly pairs = new Map<Socket, { upstream: Socket; webSocket: boolean }>()
  private cut: 'nothing' | 'webSockets' | 'everything' = 'nothing'
  private constructor(private readonly server: Server) {}

  static async start(): Promise<CuttingProxy> {
    const server = createServer()
    const proxy = new CuttingProxy(server)
    server.on('connection', (socket) => proxy.accept(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`)
  }

  get webSockets(): number {
    return [...this.pairs.values()].filter((pair) => pair.webSocket).length
  }

  cutWebSockets(): void {
    this.cut = 'webSockets'
    this.drop((pair) => pair.webSocket)
  }

  cutEverything(): void {
    this.cut = 'everything'
    this.drop(() => true)
  }

  mend(): void {
    this.cut = 'nothing'
  }

  async stop(): Promise<void> {
    this.drop(() => true)
    await new Promise((resolve) => this.server.close(resolve))
  }

  private drop(which: (pair: { webSocket: boolean }) => boolean): void {
    for (const [socket, pair] of this.pairs) {
      if (!which(pair)) continue
      socket.destroy()
      pair.upstream.destroy()
    }
  }

  private accept(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.cut === 'everything') {
      socket.destroy()
      return
    }
    // A browser opens a connection of its own for a WebSocket, so its first bytes tell what it is.
    socket.once('data', (first) => {
      const webSocket = first.subarray(0, 8).toString('latin1').startsWith('GET /ws')
      if (webSocket && this.cut !== 'nothing') {
        socket.destroy()
        return
      }
      const upstream = connect(Number(baseUrl.port || 80), baseUrl.hostname)
      const end = () => {
        this.pairs.delete(socket)
        socket.destroy()
        upstream.destroy()
      }
      this.pairs.set(socket, { upstream, webSocket })
      upstream.on('error', end).on('close', end)
      socket.on('close', end)
      upstream.write(first)
      socket.pipe(upstream)
      upstream.pipe(socket)
    })
  }
}
