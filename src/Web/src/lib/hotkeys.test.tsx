import { cleanup, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it } from 'vitest'
import { useHotkeys } from './hotkeys'

const pressed: string[] = []
afterEach(() => {
  cleanup()
  pressed.length = 0
})

function Keys({ name, keys, children }: { name: string; keys: string[]; children?: React.ReactNode }) {
  useHotkeys(Object.fromEntries(keys.map((key) => [key, () => void pressed.push(`${name} ${key}`)])))
  return children
}

describe('keys', () => {
  it('of two in a row win over the second alone, whoever has it', async () => {
    render(<Keys name="frame" keys={['g s', '?']}><Keys name="page" keys={['s']} /></Keys>)
    await userEvent.keyboard('gs')
    await userEvent.keyboard('s')
    await userEvent.keyboard('?')
    expect(pressed).toEqual(['frame g s', 'page s', 'frame ?'])
  })

  it('go to one component only, and to none while one types', async () => {
    render(<Keys name="frame" keys={['s']}><Keys name="page" keys={['s']} /><input aria-label="text" /><input type="checkbox" /></Keys>)
    await userEvent.keyboard('s')
    await userEvent.click(document.querySelector('input')!)
    await userEvent.keyboard('s')
    await userEvent.click(document.querySelector('input[type=checkbox]')!)
    await userEvent.keyboard('s')
    expect(pressed).toEqual(['page s', 'page s'])
  })
})
