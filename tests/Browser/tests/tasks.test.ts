import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connection, expectLines, launch, openPage, shownLines, taskUrl } from '../src/browser'
import { Engine, newTaskId } from '../src/engine'
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

describe('a task from its beginning to its end', () => {
  it('goes from the list to live lines, to its cost, and reads the same after a reload', async () => {
    const { page, errors } = await openPage(browser, '/tasks')
    await connection(page, 'live')

    const id = await engine.register('Fix the flaky checkout test')
    const row = page.locator(`tr[data-task="${id}"]`)
    await row.locator('[data-status=queued]').waitFor()
    await engine.status(id, 'in_progress')
    await row.locator('[data-status=running]').waitFor()
    await row.getByRole('link', { name: 'Fix the flaky checkout test' }).click()
    await page.waitForURL(`**${taskUrl(id)}`)

    await engine.event(id, 'task:thinking', { type: 'thinking', content: 'Two carts share an id' })
    await expectLines(page, ['Two carts share an id'])
    await engine.say(id, 'first line\nsecond ')
    await expectLines(page, ['Two carts share an id', 'first line', 'second '])
    await engine.say(id, 'line\n\u001b[32mgreen\u001b[0m\n')
    await expectLines(page, ['Two carts share an id', 'first line', 'second line', 'green'])
    expect(await page.title()).toBe('▶ Fix the flaky checkout test · Groote')

    await engine.status(id, 'completed')
    await engine.report(id, { status: 'completed', cost_usd: 0.4214, input_tokens: 48_213, output_tokens: 3_911, duration_seconds: 12.5 })
    await page.getByTestId('facts').locator('[data-status=completed]').waitFor()
    await expect.poll(() => page.getByTestId('cost').textContent(), { timeout: DEADLINE_MS }).toBe('$0.421')
    expect(await page.title()).toBe('✓ Fix the flaky checkout test · Groote')

    // The last report is an entry of the log too.
    const whole = String((await engine.log(id)).at(-1)!.offset)
    await page.locator(`.log[data-loaded="${whole}"]`).waitFor()
    const names = () => page.locator('[data-line]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-line')))
    const before = { lines: await shownLines(page), names: await names() }
    await page.reload()
    await page.locator(`.log[data-loaded="${whole}"]`).waitFor()
    expect({ lines: await shownLines(page), names: await names() }).toEqual(before)
    expect(await page.getByTestId('cost').textContent()).toBe('$0.421')

    await page.goBack()
    await row.locator('[data-status=completed]').waitFor()
    expect(errors).toEqual([])
  })

  it('shows what redis-cli publishes for a task that nobody knows, and keeps it', async () => {
    const id = newTaskId()
    const { page } = await openPage(browser, taskUrl(id))
    await page.getByTestId('not-found').waitFor()
    await connection(page, 'live')
    await engine.say(id, 'hello')
    await expectLines(page, ['hello'])
    await page.reload()
    await expectLines(page, ['hello'])
  })

  it('says what is wrong with a failed task, also in the list', async () => {
    const id = await engine.register('Deploy the release')
    await engine.report(id, { status: 'running' })
    const { page } = await openPage(browser, '/tasks?status=failed')
    await connection(page, 'live')
    await engine.report(id, { status: 'failed', error: 'npm test exited with 1' })
    await page.locator(`tr[data-task="${id}"]`).getByRole('link').click()
    await page.getByTestId('error').waitFor()
    expect(await page.getByTestId('error').textContent()).toContain('npm test exited with 1')
    expect(await page.title()).toBe('✗ Deploy the release · Groote')
  })

  it('says how long a task has been queued', async () => {
    const id = await engine.register('Wait for an engine')
    const { page } = await openPage(browser, taskUrl(id))
    await expect.poll(() => page.getByTestId('silence').textContent(), { timeout: DEADLINE_MS }).toMatch(/^Queued for \d+ s\./)
  })
})

describe('links', () => {
  it('to a line open at that line, and survive a reload', async () => {
    const id = await engine.register('A long log')
    // Three lines in each chunk, so that lines need both parts of their name.
    for (let part = 0; part < 4; part++) {
      await engine.chunks(id, Array.from({ length: 750 }, (_, i) => `a ${part * 750 + i}\nb ${part * 750 + i}\nc ${part * 750 + i}\n`))
    }
    const offset = (await engine.log(id)).find((entry) => entry.output?.startsWith('a 321\n'))!.offset
    const name = `L${offset}.2`
    const { page } = await openPage(browser, taskUrl(id, `#${name}`))
    const marked = page.locator('.log-row.is-selected')
    await marked.waitFor()
    expect(await marked.getAttribute('data-line')).toBe(name)
    expect(await marked.locator('.log-text').textContent()).toBe('c 321')
    // What is loaded around it in the background does not move it away.
    await page.locator('.log[data-loaded]').evaluate(
      (element, deadline) => new Promise<void>((resolve, reject) => {
        const done = () => (element as HTMLElement).dataset['loaded'] === (element as HTMLElement).dataset['total'] && resolve()
        new MutationObserver(done).observe(element, { attributes: true })
        setTimeout(() => reject(new Error('the log was not loaded in time')), deadline)
        done()
      }),
      DEADLINE_MS,
    )
    await expectInView()
    await page.reload()
    await marked.waitFor()
    expect(await marked.locator('.log-text').textContent()).toBe('c 321')
    await expectInView()

    await page.locator(`[data-line="L${offset + 2}"] a.log-number`).click({ modifiers: ['Shift'] })
    expect(new URL(page.url()).hash).toBe(`#${name}-L${offset + 2}`)
    expect(await marked.locator('.log-text').allTextContents()).toEqual(['c 321', 'a 322', 'b 322', 'c 322', 'a 323'])

    async function expectInView() {
      const inView = async () => {
        const line = await marked.first().boundingBox()
        const log = await page.getByTestId('log').boundingBox()
        return line !== null && log !== null && line.y >= log.y && line.y + line.height <= log.y + log.height
      }
      await expect.poll(inView, { timeout: DEADLINE_MS }).toBe(true)
    }
  })

  it('to a filtered list show that list', async () => {
    const id = await engine.register('Only for the planner', 'planning')
    const { page } = await openPage(browser, '/tasks?agent=planning&status=queued&when=today')
    await page.locator(`tr[data-task="${id}"]`).waitFor()
    expect(await page.getByRole('combobox', { name: 'Agent' }).inputValue()).toBe('planning')
    expect(await page.getByRole('combobox', { name: 'Time' }).inputValue()).toBe('today')
    await engine.report(id, { status: 'running' })
    await page.goto(page.url().replace('planning', 'nobody'))
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await page.locator(`tr[data-task="${id}"] [data-status=running]`).waitFor()
  })
})

describe('hostile output', () => {
  it('is text and nothing else', async () => {
    const id = newTaskId()
    const { page, errors } = await openPage(browser, '/tasks')
    await page.evaluate(() => Object.assign(window, { untouched: true }))
    const hostile = [
      ['<script>window.hacked = 1</script>', '<script>window.hacked = 1</script>'],
      ['<img src=x onerror="window.hacked = 2">', '<img src=x onerror="window.hacked = 2">'],
      ['\u001b]0;owned\u0007title', 'title'],
      ['\u001b]8;;javascript:window.hacked=3\u001b\\click\u001b]8;;\u001b\\', 'click'],
      ['\u001b[2J\u001b[H\u001b[?1049hcleared', 'cleared'],
      ['\u001b[31;"onmouseover="x\u001b[0mcolour', 'nmouseover="xcolour'],
      ['\u001b[38;2;999;0;0mred\u001b[8mhidden\u001b[0m', 'redhidden'],
      ['secret\rshown', 'shown'],
      ['abc\u202Egnp.exe', 'abcgnp.exe'],
      ['\u001bPdevice\u001b\\\u009b31mC1\u0007\b', 'C1'],
      ['{{7*7}} ${7*7} javascript:alert(1)', '{{7*7}} ${7*7} javascript:alert(1)'],
    ] as const
    await engine.chunks(id, hostile.map(([raw]) => `${raw}\n`))
    await engine.report(id, { status: 'failed', error: '<img src=x onerror="window.hacked = 4">' })
    await page.goto(new URL(taskUrl(id, '?wrap=1'), page.url()).href)
    await expectLines(page, hostile.map(([, shown]) => shown))
    expect(await page.getByTestId('error').textContent()).toContain('<img src=x')
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
    expect(await page.locator('.log script, .log img, .log a[href^="javascript"], .callout img').count()).toBe(0)
    expect(await page.title()).toContain('Groote')
    expect(errors).toEqual([])
  })
})
