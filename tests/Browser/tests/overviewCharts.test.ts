import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, openPage } from '../src/browser'
import { Engine } from '../src/engine'
import { DEADLINE_MS } from '../src/environment'

let browser: Browser
let engine: Engine

beforeAll(async () => {
  browser = await launch()
  engine = new Engine()
})

afterAll(async () => {
  await browser?.close()
  await engine?.close()
})

const poll = <T>(read: () => Promise<T> | T) => expect.poll(read, { timeout: DEADLINE_MS, interval: 50 })
const panel = (page: Page, name: RegExp) => page.getByRole('region', { name }).first()
const cost = (page: Page) => panel(page, /over time$/)
const latency = (page: Page) => panel(page, /percentiles$/)
const chart = (page: Page, of = cost) => of(page).getByTestId('time-chart')
const picture = (page: Page, of = cost) => of(page).locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())

const QUARTER = 900_000
const POINTS = 10_000
const SERIES = 8
const start = Date.parse('2026-01-01T00:00:00Z')
const iso = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z')
/** Never twice the same side by side, so that nothing is saved where values stay as they are. */
const jump = (i: number, s: number) => 1 + ((i * 7919 + s * 104_729) % 997)

/** Answers in the form of docs/protocol/analytics.md, full in every quarter of an hour: seeding as many tasks takes longer than all other tests. */
function answer(url: URL, kind: 'histogram' | 'latency'): unknown {
  const [from, to] = ['from', 'to'].map((name) => Date.parse(url.searchParams.get(name)!)) as [number, number]
  const times = Array.from({ length: Math.ceil((to - from) / QUARTER) }, (_, i) => from + i * QUARTER)
  const at = (i: number) => ({ timestamp: iso(times[i]!), tasks: SERIES })
  const percentiles = (i: number) => ({ count: SERIES, p50: jump(i, 0), p90: 1_000 + jump(i, 1), p95: 2_000 + jump(i, 2), p99: 3_000 + jump(i, 3) })
  const data = times.map((_, i) => (kind === 'latency' ? { ...at(i), duration: percentiles(i), queue_time: percentiles(i) }
    : { ...at(i), cost: 1, completed: SERIES, failed: 0, tokens: 1, average_duration_seconds: 1 }))
  const series = Array.from({ length: SERIES }, (_, s) => ({ value: `agent-${s}`, other: false, cost: times.map((_, i) => jump(i, s)), tasks: times.map(() => 1) }))
  return { from: iso(from), to: iso(to), data, ...(kind === 'histogram' ? { series } : {}) }
}

async function openWith(points: number): Promise<{ page: Page; errors: string[] }> {
  const opened = await openPage(browser, '/tasks')
  const { page } = opened
  await page.addInitScript(countDrawing)
  // Those of the charts: the small courses ask for hours.
  for (const [path, kind] of [['costs/histogram', 'histogram'], ['latency', 'latency']] as const) {
    await page.route(`**/api/analytics/${path}?*period=quarter_hour*`, (route) => route.fulfill({ json: answer(new URL(route.request().url()), kind) }))
  }
  await page.goto(new URL(`/overview?from=${iso(start)}&to=${iso(start + points * QUARTER)}&zone=UTC&period=quarter_hour`, page.url()).href)
  for (const one of [cost, latency]) await poll(() => chart(page, one).getAttribute('data-points')).toBe(String(points))
  // Of the hours of a week and of the breakdown, in which nothing was: then all panels are there and move no more.
  await poll(() => page.getByText('No tasks in this time.').count()).toBe(2)
  return opened
}

interface Drawn { longest: number; calls: number }

/** Counts in the page what is drawn: the pieces of the longest path, and how often anything is put on a canvas. */
function countDrawing(): void {
  const drawn: Drawn = { longest: 0, calls: 0 }
  Object.assign(window, { drawn })
  const pieces = new WeakMap<Path2D, number>()
  const path = Path2D.prototype
  for (const name of ['lineTo', 'rect', 'roundRect', 'arc', 'bezierCurveTo'] as const) {
    const original = path[name] as (...values: unknown[]) => void
    Object.assign(path, {
      [name](this: Path2D, ...values: unknown[]) {
        const count = (pieces.get(this) ?? 0) + 1
        pieces.set(this, count)
        drawn.longest = Math.max(drawn.longest, count)
        return original.apply(this, values)
      },
    })
  }
  const canvas = CanvasRenderingContext2D.prototype
  for (const name of ['fill', 'stroke', 'fillRect', 'fillText', 'clearRect', 'drawImage'] as const) {
    const original = canvas[name] as (...values: unknown[]) => void
    Object.assign(canvas, {
      [name](this: CanvasRenderingContext2D, ...values: unknown[]) {
        drawn.calls++
        return original.apply(this, values)
      },
    })
  }
}

const drawn = (page: Page) => page.evaluate(() => (window as unknown as { drawn: Drawn }).drawn)
const elements = (page: Page, of = cost) => chart(page, of).locator('*').count()

describe('charts with ten thousand points', () => {
  it('draw no more than their pixels can show, on one canvas', async () => {
    const { page, errors } = await openWith(POINTS)
    const widest = await cost(page).locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).width)
    expect(widest).toBeLessThan(POINTS / 5)
    const { longest, calls } = await drawn(page)
    // Into a column of pixels, its least, its greatest, its first and its last value; and the corners below.
    expect(longest).toBeGreaterThan(widest / 2)
    expect(longest).toBeLessThanOrEqual(4 * widest + 4)
    expect(calls).toBeGreaterThan(0)
    const many = [await elements(page), await elements(page, latency)]
    const few = await openWith(20)
    expect(many).toEqual([await elements(few.page), await elements(few.page, latency)])
    expect([...errors, ...few.errors]).toEqual([])
  })

  it('draw nothing for a pointer that moves, say what is under it, and can be narrowed', async () => {
    const { page, errors } = await openWith(POINTS)
    const over = (await cost(page).locator('.u-over').boundingBox())!
    const tip = cost(page).locator('.time-chart-tip')
    await page.mouse.move(over.x + 5, over.y + 50)
    await tip.waitFor()
    const before = await drawn(page)
    const heads = new Set<string | null>()
    for (let part = 0.1; part < 0.95; part += 0.1) {
      await page.mouse.move(over.x + over.width * part, over.y + 60, { steps: 10 })
      heads.add(await tip.locator('b').textContent())
    }
    expect(heads.size).toBeGreaterThan(7)
    expect(await tip.locator('div').count()).toBe(SERIES)
    expect((await drawn(page)).calls).toBe(before.calls)

    await page.mouse.move(over.x + over.width * 0.5, over.y + 60)
    await page.mouse.down()
    await page.mouse.move(over.x + over.width * 0.6, over.y + 70, { steps: 4 })
    await page.mouse.up()
    // The step is chosen by the length again: the page asks for something else, of a tenth of the time.
    await page.waitForURL((url) => !url.searchParams.has('period'))
    const search = new URL(page.url()).searchParams
    const part = (Date.parse(search.get('to')!) - Date.parse(search.get('from')!)) / (POINTS * QUARTER)
    expect(part).toBeGreaterThan(0.09)
    expect(part).toBeLessThan(0.11)
    expect(errors).toEqual([])
  })
})

describe('on paper', () => {
  /** A day in which something was done, as what it is: nothing of it changes while it is looked at. */
  async function openDay(): Promise<Page> {
    for (const agent of ['brain', 'executor']) {
      const id = await engine.register('Be printed', agent)
      await engine.report(id, { status: 'running' })
      await engine.report(id, { status: 'completed', cost_usd: 0.5, duration_seconds: 9 })
    }
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000
    const { page } = await openPage(browser, `/overview?from=${iso(hour - 23 * 3_600_000)}&to=${iso(hour + 3_600_000)}&zone=UTC`, { colorScheme: 'light' })
    for (const one of [cost, latency]) await chart(page, one).locator('canvas').waitFor()
    await page.getByTestId('week').waitFor()
    await page.getByTestId('breakdown').waitFor()
    return page
  }

  it('the overview is light whatever the theme, its charts too', async () => {
    const page = await openDay()
    const shades = () => page.evaluate(() => [document.documentElement, document.querySelector('.panel h2')!].map((one) => {
      const { backgroundColor, color } = getComputedStyle(one)
      return [backgroundColor, color]
    }))
    await page.emulateMedia({ media: 'print' })
    // Paper has no margins of the page: both are drawn anew.
    for (const one of [cost, latency]) await poll(() => chart(page, one).evaluate((element) => element.querySelector('canvas')!.width === element.clientWidth)).toBe(true)
    const light = { shades: await shades(), cost: await picture(page), latency: await picture(page, latency) }
    expect(light.shades[0]![0]).toBe('rgb(255, 255, 255)')
    for (const theme of ['of the system', 'chosen'] as const) {
      await page.emulateMedia({ media: 'screen', colorScheme: theme === 'chosen' ? 'light' : 'dark' })
      // From that of the system to light, and to dark.
      if (theme === 'chosen') for (let i = 0; i < 2; i++) await page.getByRole('button', { name: /^Theme:/ }).click()
      await poll(shades).not.toEqual(light.shades)
      await page.emulateMedia({ media: 'print' })
      await poll(() => picture(page)).toBe(light.cost)
      await poll(() => picture(page, latency)).toBe(light.latency)
      expect(await shades(), theme).toEqual(light.shades)
    }
  })

  it('there is what can be read, and nothing to press', async () => {
    const page = await openDay()
    await cost(page).getByRole('button', { name: 'Table' }).click()
    await cost(page).getByTestId('data-table').waitFor()
    await page.getByRole('group', { name: 'Time' }).locator('[aria-haspopup=dialog]').click()
    await page.getByRole('dialog', { name: 'Range and zone' }).waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('banner').isVisible()).toBe(false)
    // But for the words that say which time it is.
    const range = await page.getByTestId('range').textContent()
    expect(await page.locator('button:visible, input:visible, select:visible, a[download]:visible').allTextContents()).toEqual([range])
    for (const part of ['tiles', 'range-figures', 'budgets', 'data-table', 'time-chart', 'week', 'breakdown']) await page.getByTestId(part).first().waitFor()
    // Paper does not scroll.
    const cut = (part: string) => page.locator(part).evaluateAll((all) => all.filter((one) => getComputedStyle(one).overflowY !== 'visible' || getComputedStyle(one).maxHeight !== 'none').length)
    expect(await cut('.data-table')).toBe(0)
    expect(await cut('.week')).toBe(0)
    // A printer that saves ink leaves backgrounds out: not those that say something.
    const cells = page.getByTestId('week').locator('tbody td')
    expect(await cells.first().evaluate((cell) => getComputedStyle(cell).getPropertyValue('print-color-adjust'))).toBe('exact')

    await page.emulateMedia({ media: 'screen' })
    await page.goto(new URL('/overview?range=7d&zone=UTC', page.url()).href)
    await chart(page).waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('button:visible').allTextContents()).toEqual(['7 days', 'UTC'])
  })

  it('charts fit a sheet that is narrower than the screen', async () => {
    const page = await openDay()
    await page.emulateMedia({ media: 'print' })
    const widths = await page.evaluate(() => {
      const overview = document.querySelector<HTMLElement>('.overview')!
      overview.style.width = '500px'
      // Looked at before an observer of sizes is called: while a browser lays out for paper, none is.
      return [...document.querySelectorAll<HTMLElement>('.time-chart')].map((one) => {
        const { width, height } = one.querySelector('canvas')!.getBoundingClientRect()
        return { room: one.clientWidth, width: Math.round(width), height: Math.round(height), tall: one.clientHeight, sticksOut: one.scrollWidth > one.clientWidth }
      })
    })
    expect(widths.length).toBe(2)
    for (const { room, width, height, tall, sticksOut } of widths) {
      expect(room).toBeLessThan(500)
      expect(width).toBe(room)
      expect([height, sticksOut]).toEqual([tall, false])
    }
  })

  it('charts are drawn anew for the width of the sheet, and for the screen after it', async () => {
    const page = await openDay()
    const widths = () => page.evaluate(() => [...document.querySelectorAll('.time-chart canvas')].map((canvas) => (canvas as HTMLCanvasElement).width))
    const screen = await widths()
    await page.evaluate(() => {
      const seen: Record<string, number[]> = {}
      Object.assign(window, { seen })
      const all = (what: string, width: (chart: HTMLElement) => number) => (seen[what] = [...document.querySelectorAll<HTMLElement>('.time-chart')].map(width))
      window.matchMedia('print').addEventListener('change', ({ matches }) => matches && all('room', (chart) => chart.clientWidth))
      window.addEventListener('afterprint', () => all('drawn', (chart) => chart.querySelector('canvas')!.width))
    })
    await page.pdf({ format: 'A4' })
    const { room, drawn: printed } = await page.evaluate(() => (window as unknown as { seen: Record<string, number[]> }).seen)
    expect(room?.[0]).toBeLessThan(screen[0]!)
    expect(printed).toEqual(room)
    await poll(widths).toEqual(screen)
  })
})
