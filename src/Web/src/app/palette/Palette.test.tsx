import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter, useLocation } from 'react-router'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { aConversation, aTask } from '../../test/builders'
import { Palette } from './Palette'

let asked: { path: string; signal: AbortSignal | null | undefined }[]
let hold: Promise<void>
let release: () => void

beforeEach(() => {
  asked = []
  hold = Promise.resolve()
  release = () => undefined
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) { this.open = true }
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const url = new URL(input, 'http://x')
    asked.push({ path: url.pathname + url.search, signal: init?.signal })
    await hold
    return new Response(JSON.stringify(url.pathname === '/api/conversations'
      ? [aConversation({ title: 'The login talk' })]
      : { items: [aTask({ input_message: 'Fix the login' })], total: 1, page: 1, per_page: 6, pages: 1 }))
  })
})

afterEach(() => {
  cleanup()
  localStorage.clear()
  vi.unstubAllGlobals()
})

function Address() {
  return <output data-testid="address">{useLocation().pathname}</output>
}

function open() {
  const onClose = vi.fn()
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={['/tasks']}>
        <Palette open onClose={onClose} onHelp={() => undefined} />
        <Address />
      </MemoryRouter>
    </QueryClientProvider>,
  )
  return { onClose, box: screen.getByRole('combobox', { hidden: true }) }
}

const selected = () => document.querySelector('[aria-selected="true"]')?.textContent

it('asks the server once the typing pauses, and cancels what is out of date', async () => {
  const { box } = open()
  hold = new Promise((resolve) => (release = resolve))
  await userEvent.type(box, 'log', { delay: 5 })
  await waitFor(() => expect(asked.map(({ path }) => path)).toEqual(['/api/conversations?include_archived=true&limit=6&text=log', '/api/tasks?per_page=6&text=log']))
  await userEvent.type(box, 'in', { delay: 5 })
  await waitFor(() => expect(asked.length).toBe(4))
  expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true, true, false, false])
  release()
  expect(await screen.findByText('The login talk')).toBeTruthy()
  expect(screen.getByText('Fix the login')).toBeTruthy()
})

it('is driven by the keyboard, around the ends too', async () => {
  const { box, onClose } = open()
  expect(selected()).toContain('Overview')
  await userEvent.type(box, '{ArrowUp}')
  expect(selected()).toContain('Keyboard shortcuts')
  await userEvent.type(box, '{ArrowDown}{ArrowDown}{ArrowDown}')
  expect(selected()).toContain('Conversations')
  expect(document.getElementById(box.getAttribute('aria-activedescendant')!)?.textContent).toBe(selected())
  await userEvent.type(box, '{Enter}')
  expect(screen.getByTestId('address').textContent).toBe('/conversations')
  expect(onClose).toHaveBeenCalled()
})

it('keeps the choice when the server finds more', async () => {
  const { box } = open()
  hold = new Promise((resolve) => (release = resolve))
  await userEvent.type(box, 'conv')
  await userEvent.type(box, '{ArrowDown}')
  expect(selected()).toContain('New conversation')
  release()
  await screen.findByText('The login talk')
  expect(selected()).toContain('New conversation')
})

it('stays open when told late that it was closed before it was opened again', () => {
  const { onClose } = open()
  const dialog = document.querySelector('dialog')!
  fireEvent(dialog, new Event('close'))
  expect(onClose).not.toHaveBeenCalled()
  dialog.open = false
  fireEvent(dialog, new Event('close'))
  expect(onClose).toHaveBeenCalledOnce()
})
