import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { DEADLINE_MS, baseUrl, chromium } from './environment'

const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url))

export const launch = (): Promise<Browser> =>
  playwright.launch({
    executablePath: chromium,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  })

export interface OpenPage {
  page: Page
  /** Errors that the page's own code threw. */
  errors: string[]
  /** Whatever the console calls an error, failed requests included. */
  complaints: string[]
}

/** A page in a fresh profile; when the test fails, what it showed is kept. */
export async function openPage(browser: Browser, path: string, options: BrowserContextOptions & { base?: URL } = {}): Promise<OpenPage> {
  const { base = baseUrl, ...context } = options
  const profile = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context })
  profile.setDefaultTimeout(DEADLINE_MS)
  const page = await profile.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  const complaints: string[] = []
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`)))
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') {
      await mkdir(screenshots, { recursive: true })
      await page.screenshot({ path: `${screenshots}${task.name.replace(/\W+/g, '-').slice(0, 80)}-${Date.now()}.png` })
    }
    await profile.close()
  })
  await page.goto(new URL(path, base).href)
  return { page, errors, complaints }
}

const phoneWidth = 375
export const phone: BrowserContextOptions = { viewport: { width: phoneWidth, height: 812 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }

/** A page that is wider than the phone makes its layout wider than the screen. */
export const expectNoOverflow = async (page: Page): Promise<void> =>
  expect(await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])).toEqual([phoneWidth, phoneWidth])

export const taskUrl = (id: string, rest = ''): string => `/tasks/${encodeURIComponent(id)}${rest}`

export const connection = (page: Page, status: 'live' | 'polling' | 'reconnecting' | 'offline') =>
  page.locator(`[data-testid=connection][data-status=${status}]`).waitFor()

/** The log as it is shown, line by line. It draws only what is in view, so this is for short ones. */
export const shownLines = (page: Page): Promise<string[]> =>
  page.locator('[data-testid=log] .log-text').allTextContents()

export const expectLines = (page: Page, lines: readonly string[]): Promise<void> =>
  expect.poll(() => shownLines(page), { timeout: DEADLINE_MS, interval: 50 }).toEqual(lines)
