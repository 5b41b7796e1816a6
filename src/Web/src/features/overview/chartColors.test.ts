import { describe, expect, it } from 'vitest'
import tokens from '../../app/tokens.css?raw'
import overview from './overview.css?raw'

type Triple = readonly [number, number, number]

/**
 * How colours look to those who lack one kind of cone, in linear RGB: Machado, Oliveira and Fernandes, "A Physiologically-based
 * Model for Simulation of Color Vision Deficiency", IEEE TVCG 15 (6), 2009, doi:10.1109/TVCG.2009.113; their matrices of severity 1.0,
 * https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
 */
const visions = {
  trichromacy: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} satisfies Record<string, readonly Triple[]>
type Vision = keyof typeof visions

const times = (matrix: readonly Triple[], [x, y, z]: Triple): Triple => matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple

/** Of `#rrggbb`, by the transfer function of sRGB (IEC 61966-2-1). */
const linear = (hex: string): Triple => [1, 3, 5].map((at) => {
  const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}) as unknown as Triple

const seen = (hex: string, vision: Vision): Triple => times(visions[vision], linear(hex)).map((value) => Math.min(1, Math.max(0, value))) as unknown as Triple

/** In Oklab, where equal distances look about equally far apart: Ottosson 2020, https://bottosson.github.io/posts/oklab/ (also CSS Color 4, section 9). */
const oklab = (rgb: Triple): Triple => {
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb)
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]],
    cones.map(Math.cbrt) as unknown as Triple)
}

/** From 0 to 100, as black and white are. */
const difference = (one: string, other: string, vision: Vision): number => {
  const [a, b] = [oklab(seen(one, vision)), oklab(seen(other, vision))]
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

const luminance = (hex: string): number => linear(hex).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i]!, 0)
/** Of WCAG 2. */
const contrast = (one: string, other: string): number => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light! + 0.05) / (dark! + 0.05)
}

const closest = (colors: readonly string[], vision: Vision): { pair: string; difference: number } =>
  colors.flatMap((one, i) => colors.slice(i + 1).map((other) => ({ pair: `${one} ${other}`, difference: difference(one, other, vision) })))
    .reduce((least, pair) => (pair.difference < least.difference ? pair : least))

const themes = ['light', 'dark'] as const

/** What the style sheet says, and not a copy of it. */
function color(sheet: string, name: string, theme: (typeof themes)[number]): string {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\);`).exec(sheet)
  if (!found) throw new Error(`--${name} is not to be found`)
  return found[theme === 'light' ? 1 : 2]!
}

const series = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c-other']
const lines = ['l50', 'l90', 'l95', 'l99']

/**
 * The least differences. For comparison: of the eight colours of Okabe and Ito, 15.6 for trichromats, 9.6, 7.6 and 8.5 for the others.
 * Tritanopia is some thousand times rarer than the other two.
 */
const least: Record<Vision, number> = { trichromacy: 15, protanopia: 10, deuteranopia: 10, tritanopia: 8 }

describe('the simulation', () => {
  it('leaves greys as they are, and makes alike what is known to be confused', () => {
    for (const vision of Object.keys(visions) as Vision[]) {
      expect(difference('#000000', '#ffffff', vision)).toBeCloseTo(100, 1)
      expect(100 * Math.hypot(...oklab(seen('#808080', vision)).map((value, i) => value - oklab(linear('#808080'))[i]!))).toBeLessThan(0.1)
    }
    // An orange and an olive of the same lightness, and the colours of traffic lights.
    expect(difference('#e08a00', '#b5a300', 'trichromacy')).toBeGreaterThan(9)
    expect(difference('#e08a00', '#b5a300', 'deuteranopia')).toBeLessThan(1)
    expect(difference('#ff0000', '#008000', 'deuteranopia')).toBeLessThan(difference('#ff0000', '#008000', 'trichromacy') / 2.5)
  })

  it('gives the colours of Okabe and Ito what the measure is compared with', () => {
    const okabeIto = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#0072b2', '#d55e00', '#cc79a7', '#000000']
    const found = (Object.keys(visions) as Vision[]).map((vision) => Math.round(closest(okabeIto, vision).difference * 10) / 10)
    expect(found).toEqual([15.6, 9.6, 7.6, 8.5])
  })
})

describe.each(themes)('in the %s theme', (theme) => {
  const background = color(tokens, 'bg', theme)

  it.each(Object.keys(visions) as Vision[])('every two series differ in %s', (vision) => {
    const { pair, difference: found } = closest(series.map((name) => color(overview, name, theme)), vision)
    expect(found, pair).toBeGreaterThanOrEqual(least[vision])
  })

  // They are thin: a smaller area makes colours harder to tell apart.
  it.each(Object.keys(visions) as Vision[])('every two percentiles differ more in %s', (vision) => {
    const { pair, difference: found } = closest(lines.map((name) => color(overview, name, theme)), vision)
    expect(found, pair).toBeGreaterThanOrEqual(15)
  })

  it('percentiles stand out from the background as WCAG 2.1 asks (1.4.11), and areas do too', () => {
    for (const name of lines) expect(contrast(color(overview, name, theme), background), name).toBeGreaterThanOrEqual(3)
    for (const name of series) expect(contrast(color(overview, name, theme), background), name).toBeGreaterThanOrEqual(2)
  })
})
