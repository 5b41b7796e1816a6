import { KEPT_MS, type Point, RECENT_MS } from './figures'

const WIDTH = 100
const HEIGHT = 26

/** Pieces of a line: it breaks where a value is not known, or where the page did not ask for a while. */
export function segments(points: readonly Point[]): { time: number; value: number }[][] {
  const pieces: { time: number; value: number }[][] = []
  let open: { time: number; value: number }[] = []
  for (const { time, value } of points) {
    if (value === null || time - (open.at(-1)?.time ?? time) > RECENT_MS) open = []
    if (value === null) continue
    if (open.length === 0) pieces.push(open)
    open.push({ time, value })
  }
  return pieces
}

/** The course of the last five minutes. */
export function Sparkline({ points, until, label }: { points: readonly Point[]; until: number; label: string }) {
  const pieces = segments(points)
  const top = Math.max(...pieces.flat().map(({ value }) => value), 0)
  const x = (time: number) => (WIDTH - ((until - time) / KEPT_MS) * WIDTH).toFixed(2)
  const y = (value: number) => (HEIGHT - 1 - (top === 0 ? 0 : (value / top) * (HEIGHT - 3))).toFixed(2)
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path className="sparkline-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      {pieces.map((piece) => {
        const first = piece[0]!
        const path = `M${piece.map(({ time, value }) => `${x(time)} ${y(value)}`).join('L')}`
        return (
          <g key={first.time}>
            <path className="sparkline-area" d={`${path}V${HEIGHT}H${x(first.time)}Z`} />
            {/* A single point is a short line, or it could not be seen. */}
            <path className="sparkline-line" d={piece.length > 1 ? path : `${path}h0.5`} />
          </g>
        )
      })}
    </svg>
  )
}
