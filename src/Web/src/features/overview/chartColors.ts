import { useEffect, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import { useTheme } from '../../app/theme'

/** How many series have a colour of their own; the rest together is grey. */
export const SERIES_COLORS = 8

export interface ChartColors {
  series: readonly string[]
  other: string
  text: string
  grid: string
  lines: readonly string[]
}

/** A canvas knows no custom properties, so that the style sheet's colours are read as they come out: for this theme, or for paper. */
export function useChartColors(): ChartColors {
  const theme = useTheme()
  const [version, setVersion] = useState(0)
  useEffect(() => {
    const media = [window.matchMedia('(prefers-color-scheme: dark)'), window.matchMedia('print')]
    // Before the paper is drawn.
    const redraw = () => flushSync(() => setVersion((n) => n + 1))
    for (const one of media) one.addEventListener('change', redraw)
    return () => {
      for (const one of media) one.removeEventListener('change', redraw)
    }
  }, [])
  return useMemo(readColors, [theme, version])
}

function readColors(): ChartColors {
  const probe = document.createElement('span')
  document.body.append(probe)
  const read = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colors = {
    series: Array.from({ length: SERIES_COLORS }, (_, i) => read(`c${i}`)),
    other: read('c-other'), text: read('muted'), grid: read('border'),
    lines: ['l50', 'l90', 'l95', 'l99'].map(read),
  }
  probe.remove()
  return colors
}
