import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connection, launch, openPage } from '../src/browser'
import { startDemoEngine } from '../src/demoEngine'
import { Engine } from '../src/engine'
import { DEADLINE_MS } from '../src/environment'
import { CuttingProxy } from '../src/proxy'

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
const row = (page: Page, id: string) => page.locator(`[data-conversation="${id}"]`)
const answer = (page: Page) => page.getByTestId('answer')
const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const idOf = (page: Page) => decodeURIComponent(new URL(page.url()).pathname.split('/')[2]!)

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

/** A conversation that is open, in which something has just been said. */
async function openTalk(title: string): Promise<{ page: Page; id: string; task: string; errors: string[] }> {
  const id = await engine.conversation(title)
  const { page, errors } = await openPage(browser, `/conversations/${id}`)
  await connection(page, 'live')
  await say(page, title)
  await page.locator('[data-live=true]').waitFor()
  const task = (await engine.messages(id))![0]!.task_id!
  return { page, id, task, errors }
}

describe('a chat', () => {
  it('goes from the first word to the saved reply, with the demo engine', async () => {
    startDemoEngine(20)
    const { page, errors } = await openPage(browser, '/conversations/new')
    await page.getByRole('combobox', { name: 'Agent' }).selectOption('executor')
    await say(page, 'A question about slack: how long is a login valid?')
    await page.waitForURL(/conversations\/conv-/)
    const id = idOf(page)
    await answer(page).waitFor()
    const saved = (await engine.messages(id))!
    expect(saved.map((message) => message.role)).toEqual(['user', 'assistant'])
    await poll(() => page.getByTestId('reply-cost').textContent()).toMatch(/^\$0\.\d+/)
    await poll(() => page.getByTestId('chat-facts').textContent()).toContain('executor')
    await poll(() => row(page, id).locator('.conversation-facts').textContent()).toMatch(/^ ?2\$0\.\d+executor$/)
    expect(await page.getByTestId('reply-cost').textContent()).toBe(await page.getByTestId('chat-cost').textContent())

    const text = await answer(page).textContent()
    await page.reload()
    await answer(page).waitFor()
    expect(await answer(page).textContent()).toBe(text)
    await page.getByRole('button', { name: 'Show the steps' }).click()
    await page.locator('[data-step=tool]').first().waitFor()
    await page.getByRole('link', { name: 'Task', exact: true }).click()
    await page.waitForURL(`**/tasks/${saved[0]!.task_id}`)
    expect(errors).toEqual([])
  })

  it('shows a reply as it is produced, and the saved one in its place without a jump', async () => {
    const { page, id, task, errors } = await openTalk('Tell me a story')
    await engine.report(task, { status: 'running' })
    await engine.event(task, 'task:thinking', { type: 'thinking', content: 'Which story?' })
    // All by the stream: only what comes on one way comes in order.
    const speak = (content: string) => engine.event(task, 'task:output', { content })
    await engine.event(task, 'task:tool_call', { name: 'Grep', input: { pattern: 'story' } })
    await speak('stories.txt:1: once\n')
    await engine.event(task, 'task:tool_result', { name: 'Grep', content: 'stories.txt:1: once', is_error: false })
    await page.locator('[data-step=thinking]').waitFor()
    await page.locator('[data-step=tool]').waitFor()
    await speak('**Once** upon ')
    await poll(() => page.getByTestId('streamed').textContent()).toBe('Once upon')
    await speak('a time.\n\nThe end.\n')
    await poll(() => page.getByTestId('streamed').textContent()).toContain('The end.')
    // What a tool printed is with the tool.
    expect(await page.getByTestId('streamed').count()).toBe(1)

    const before = await page.getByText('upon a time.').boundingBox()
    await engine.status(task, 'completed')
    await engine.report(task, { status: 'completed', cost_usd: 0.25, duration_seconds: 3 })
    await engine.message(id, 'assistant', '**Once** upon a time.\n\nThe end.', task)
    await answer(page).waitFor()
    expect(await page.getByText('upon a time.').count()).toBe(1)
    expect(await page.getByText('upon a time.').boundingBox()).toEqual(before)
    await poll(() => page.getByTestId('reply-cost').textContent()).toBe('$0.250')
    await poll(() => page.getByTestId('chat-cost').textContent()).toBe('$0.250')
    expect(await page.locator('[data-step]').count()).toBe(2)
    expect(errors).toEqual([])
  })

  it('stops a reply, and says when the engine has obeyed', async () => {
    startDemoEngine(1)
    const id = await engine.conversation('A long thought')
    const { page } = await openPage(browser, `/conversations/${id}`)
    await say(page, 'think about the design for a while')
    await page.locator('[data-step=thinking]').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('.reply-foot [data-status=cancelled]').waitFor()
    await answer(page).getByText('Stopped before it was finished.').waitFor()
    await poll(() => page.getByTestId('stop-unconfirmed').count()).toBe(0)
    expect(await page.locator('[data-live=true]').count()).toBe(0)
    // It can be tried again, below.
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.reply-question', { hasText: 'Again: think about' }).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await poll(() => page.locator('[data-live=true]').count()).toBe(0)
  })

  it('says that a stop is not confirmed while no engine says so', async () => {
    const { page, task } = await openTalk('Nobody obeys')
    await engine.report(task, { status: 'running' })
    // Somebody has taken the work, so that it cannot simply be taken back.
    await poll(async () => (await engine.queued()).some((work) => work.task_id === task)).toBe(true)
    await engine.take(task)
    await page.locator('.reply-working [data-status=running]').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await poll(() => page.getByTestId('stop-unconfirmed').textContent()).toMatch(/the engine has not confirmed/)
    await engine.status(task, 'cancelled')
    await poll(() => page.getByTestId('stop-unconfirmed').count()).toBe(0)
  })

  it('answers an agent that waits for input', async () => {
    const { page, task } = await openTalk('Ask me something')
    const control = await engine.control(task)
    onTestFinished(control.close)
    await engine.report(task, { status: 'running' })
    await engine.say(task, 'Which branch?\n')
    await engine.report(task, { status: 'waiting_input' })
    const box = page.getByRole('textbox', { name: 'Answer the agent' })
    await box.fill('main')
    await box.press('Enter')
    await poll(() => control.heard).toEqual([{ action: 'input', message: 'main' }])
    await poll(() => box.inputValue()).toBe('')
    await engine.report(task, { status: 'running' })
    await composer(page).waitFor()
  })
})

describe('what is written', () => {
  it('is said once, though the answer was lost and it is sent again', async () => {
    const id = await engine.conversation('Lost answers')
    const { page } = await openPage(browser, `/conversations/${id}`)
    await connection(page, 'live')
    // Without the live connection the page would hear of its own message.
    await page.getByTestId('connection').click()
    await page.getByRole('checkbox', { name: /Only poll/ }).check()
    await page.route('**/api/conversations/**', (route) => route.abort())
    await page.route('**/api/chat?**', async (route) => {
      await route.fetch()
      await route.abort()
    }, { times: 1 })
    await say(page, 'Only once')
    await page.locator('[data-testid=unsent][data-state=failed]').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await poll(() => page.getByTestId('unsent').count()).toBe(0)
    await page.unrouteAll()
    await poll(async () => (await engine.messages(id))!.map((message) => message.content)).toEqual(['Only once'])
    expect(await page.locator('.said').count()).toBe(1)
  })

  it('survives an outage and a reload, as a draft and as a message', async () => {
    const proxy = await CuttingProxy.start()
    onTestFinished(() => proxy.stop())
    const id = await engine.conversation('Outage')
    const { page } = await openPage(browser, `/conversations/${id}`, { base: proxy.url })
    await connection(page, 'live')
    await composer(page).fill('a draft\nof two lines')
    await page.reload()
    await poll(() => composer(page).inputValue()).toBe('a draft\nof two lines')
    // One can send once what was said is read: else the outage hits a page that has nothing to show yet.
    await poll(() => page.getByRole('button', { name: 'Send' }).isEnabled()).toBe(true)

    proxy.cutEverything()
    await connection(page, 'offline')
    await page.getByText('The server cannot be reached. What you write is kept here.').waitFor()
    await composer(page).press('Enter')
    await page.locator('[data-testid=unsent][data-state=failed]').waitFor()
    proxy.mend()
    await page.reload()
    await connection(page, 'live')
    await page.locator('[data-testid=unsent][data-state=failed]').getByText('of two lines').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await poll(async () => (await engine.messages(id))!.map((message) => message.content)).toEqual(['a draft\nof two lines'])
    await poll(() => page.getByTestId('unsent').count()).toBe(0)
  })
})

describe('a long conversation', () => {
  it('keeps the place while older messages come in, and jumps to the newest', async () => {
    const id = await engine.conversation('A long one')
    for (let i = 1; i <= 130; i++) await engine.message(id, i % 2 === 1 ? 'user' : 'assistant', `line ${i}\n\nand **more** of it`)
    const { page, errors } = await openPage(browser, `/conversations/${id}`)
    const thread = page.getByTestId('thread')
    await thread.getByText(/^line 130$/).waitFor()
    const fromEnd = () => thread.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)
    await poll(fromEnd).toBeLessThan(2)

    const place = thread.getByText(/^line 86$/)
    await place.evaluate((element) => element.scrollIntoView({ block: 'center' }))
    const at = (await place.boundingBox())!.y
    // Scrolling up asks for what is older: it comes in above, and what is read stays where it is.
    await thread.getByText(/^line 32$/).waitFor({ state: 'attached' })
    await engine.message(id, 'user', 'something new')
    await page.getByRole('button', { name: 'To the newest: 1 new' }).waitFor()
    expect(Math.abs((await place.boundingBox())!.y - at)).toBeLessThan(2)

    await thread.evaluate((element) => (element.scrollTop = 0))
    await thread.getByText(/^line 2$/).waitFor()
    expect(await page.locator('.thread-item').count()).toBe(131)
    await page.getByRole('button', { name: /To the newest/ }).click()
    await poll(fromEnd).toBeLessThan(2)
    await thread.getByText('something new').waitFor()
    await engine.message(id, 'user', 'and newer')
    await thread.getByText('and newer').waitFor()
    await poll(fromEnd).toBeLessThan(2)
    expect(errors).toEqual([])
  })
})

describe('the list', () => {
  it('finds, archives and keeps its view in the address', async () => {
    const word = `quokka${Date.now()}`
    const id = await engine.conversation(`About the ${word}`)
    await engine.conversation(`Another ${word}`)
    const { page } = await openPage(browser, '/conversations')
    await page.getByRole('searchbox', { name: 'Search titles' }).fill(word)
    await page.waitForURL(`**/conversations?q=${word}`)
    await poll(() => page.locator('[data-conversation]').count()).toBe(2)
    await row(page, id).hover()
    await row(page, id).getByRole('button', { name: /^Archive/ }).click()
    await poll(() => page.locator('[data-conversation]').count()).toBe(1)
    await page.getByRole('button', { name: 'Archived', exact: true }).click()
    await page.waitForURL(`**/conversations?q=${word}&show=archived`)
    await row(page, id).waitFor()
    await page.reload()
    await row(page, id).waitFor()
    expect(await page.locator('[data-conversation]').count()).toBe(1)
  })

  it('shows what is said elsewhere, first', async () => {
    const id = await engine.conversation('Quiet so far')
    await engine.conversation('Newer than it')
    const { page } = await openPage(browser, '/conversations')
    await connection(page, 'live')
    await row(page, id).waitFor()
    await engine.chat(id, 'Now I say something')
    await poll(() => page.locator('[data-conversation]').first().getAttribute('data-conversation')).toBe(id)
    await poll(() => row(page, id).locator('.conversation-count').textContent()).toBe(' 1')
  })

  it('deletes with a way back: only when the time is over, or the page is left', async () => {
    const id = await engine.conversation('Delete me')
    const left = await engine.conversation('Delete me when I leave')
    const { page } = await openPage(browser, `/conversations/${id}`)
    const remove = (title: string) => page.getByRole('button', { name: `Delete: ${title}`, exact: true })
    await row(page, id).hover()
    await remove('Delete me').click()
    await poll(() => row(page, id).count()).toBe(0)
    await page.getByTestId('undo').getByRole('button', { name: 'Undo' }).click()
    await row(page, id).waitFor()
    expect(await engine.messages(id)).toEqual([])

    await row(page, id).hover()
    await remove('Delete me').click()
    await page.getByTestId('undo').waitFor()
    expect(await engine.messages(id)).toEqual([])
    await poll(() => engine.messages(id)).toBeNull()
    await poll(() => page.getByTestId('undo').count()).toBe(0)
    expect(await row(page, id).count()).toBe(0)

    await row(page, left).hover()
    await remove('Delete me when I leave').click()
    await page.getByTestId('undo').waitFor()
    await page.goto('about:blank')
    await poll(() => engine.messages(left)).toBeNull()
  })
})

describe('hostile markdown', () => {
  it('does nothing and goes nowhere', async () => {
    const id = await engine.conversation('<img src=x onerror="window.hacked=1">')
    const evil = [
      '<script>window.hacked = 2</script>', '<img src=x onerror="window.hacked = 3">', '[click](javascript:window.hacked=4)', '[data](data:text/html,<script>1</script>)',
      '![pixel](https://tracker.example/p.png)', '[https://bank.example](https://evil.example/login)', '<a href="javascript:alert(1)" onmouseover="window.hacked=5">x</a>',
      '[file](file:///etc/passwd) [rel](/api/conversations) [good](https://good.example/)', '[ref][r]', '[r]: javascript:window.hacked=6',
      '\u001b[2J\u001b]0;owned\u0007after', 'abc\u202Egnp.exe', '```"><script>window.hacked=7</script>', '<b>code</b>', '```', '<iframe src="https://evil.example"></iframe>',
    ].join('\n\n')
    const deep = `${'>'.repeat(5_000)} quoted\n${'['.repeat(5_000)}${'*_'.repeat(5_000)}`
    await engine.message(id, 'assistant', deep)
    await engine.message(id, 'assistant', evil)
    await engine.message(id, 'user', evil)
    await engine.message(id, 'system', evil)
    const outside: string[] = []
    const { page, errors } = await openPage(browser, '/conversations')
    page.on('request', (request) => new URL(request.url()).origin !== new URL(page.url()).origin && request.url().startsWith('http') && outside.push(request.url()))
    await page.goto(new URL(`/conversations/${id}`, page.url()).href)
    await answer(page).first().waitFor()
    await page.locator('.said-system summary').click()
    const hrefs = await page.getByTestId('thread').locator('a[target]').evaluateAll((links) => [...new Set(links.map((link) => (link as HTMLAnchorElement).href))])
    expect(hrefs.sort()).toEqual(['https://evil.example/', 'https://evil.example/login', 'https://good.example/', 'https://tracker.example/p.png'])
    expect(await answer(page).last().textContent()).toContain('https://bank.example (evil.example)')
    expect(await answer(page).last().textContent()).toContain('abcgnp.exe')
    expect(await answer(page).last().textContent()).toContain('<script>window.hacked = 2</script>')
    expect(await page.locator('main script, main img, main iframe, main [onerror], main [onmouseover]').count()).toBe(0)
    expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
    expect(outside).toEqual([])
    expect(errors).toEqual([])
  })

  it('offers code to be copied as it is', async () => {
    const id = await engine.conversation('Code')
    await engine.message(id, 'assistant', '```sh\necho "a  b" && <x>\n\tend\n```')
    const { page } = await openPage(browser, `/conversations/${id}`, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.locator('.markdown-code').getByRole('button', { name: 'Copy' }).click()
    await page.locator('.markdown-code').getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('echo "a  b" && <x>\n\tend')
  })
})

describe('the palette', () => {
  it('is all keyboard: a page, an action, a conversation by its words', async () => {
    const word = `wombat${Date.now()}`
    const id = await engine.conversation(`The ${word} question`)
    const { page, errors } = await openPage(browser, '/tasks')
    await connection(page, 'live')
    const box = page.getByRole('combobox', { name: 'Find anything' })
    await page.keyboard.press('Control+k')
    await box.pressSequentially('syst')
    expect(await page.getByRole('listbox').getByRole('option', { selected: true }).textContent()).toContain('System')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/system')

    await page.keyboard.press('Control+k')
    await box.pressSequentially('dark')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')

    await page.keyboard.press('Control+k')
    const height = (await page.getByRole('listbox').boundingBox())!.height
    await box.pressSequentially(word)
    await page.locator(`[data-entry="conversation:${id}"][aria-selected=true]`).waitFor()
    expect(await box.getAttribute('aria-activedescendant')).toBe(await page.getByRole('listbox').getByRole('option', { selected: true }).getAttribute('id'))
    expect((await page.getByRole('listbox').boundingBox())!.height).toBe(height)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/conversations/${id}`)
    await page.getByRole('heading', { name: `The ${word} question` }).waitFor()

    // From a field, too; and what was looked at is there without a word.
    await composer(page).focus()
    await page.keyboard.press('Control+k')
    await page.locator(`[data-entry="recent:/conversations/${id}"]`).waitFor()
    await page.keyboard.press('ArrowUp')
    expect(await page.getByRole('listbox').getByRole('option').last().getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Escape')
    await poll(() => box.count()).toBe(0)
    expect(errors).toEqual([])
  })
})

describe('on a phone', () => {
  const width = 375
  const phone = { viewport: { width, height: 700 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
  const expectNoOverflow = async (page: Page) =>
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])).toEqual([width, width])

  it('every page is in reach, and a chat is usable', async () => {
    const id = await engine.conversation(`A very long title ${'that goes on '.repeat(20)}`)
    await engine.message(id, 'assistant', `| a | b |\n|---|---|\n| ${'wide '.repeat(60)} | 2 |\n\n\`\`\`\n${'long '.repeat(80)}\n\`\`\`\n\n${'x'.repeat(400)}`)
    const { page } = await openPage(browser, '/conversations', phone)
    for (const name of ['Tasks', 'Conversations', 'System', 'API']) {
      const box = (await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).boundingBox())!
      expect([name, box.x >= 0 && box.x + box.width <= width, box.height >= 36]).toEqual([name, true, true])
    }
    await expectNoOverflow(page)
    await row(page, id).tap()
    await page.waitForURL(`**/conversations/${id}`)
    await answer(page).waitFor()
    await expectNoOverflow(page)
    await composer(page).fill('From the phone')
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.locator('[data-live=true]').waitFor()
    await expectNoOverflow(page)
    const box = (await composer(page).boundingBox())!
    expect(box.y + box.height).toBeLessThanOrEqual(700)
    await page.getByRole('link', { name: 'To the list of conversations' }).tap()
    await row(page, id).waitFor()
  })
})
