import { beforeEach, describe, expect, it } from 'vitest'
import { aConversation, aTask } from '../../test/builders'
import { entriesFor, matches } from './entries'
import { recentPlaces, visited } from './recent'

const nothing = { conversations: [], tasks: [] }
const titles = (...args: Parameters<typeof entriesFor>) => entriesFor(...args).map((entry) => entry.title)

beforeEach(() => localStorage.clear())

describe('what the palette offers', () => {
  it('begins with what was looked at last, and the pages', () => {
    const recent = [{ kind: 'task' as const, id: 't1', title: 'Fix it' }]
    expect(titles('', nothing, recent)).toEqual(['Fix it', 'Overview', 'Tasks', 'Conversations', 'System', 'API', 'New conversation', 'Keyboard shortcuts'])
  })

  it('takes words in any order and case', () => {
    expect(matches('THEME dark', 'Dark theme')).toBe(true)
    expect(matches('dark mode', 'Dark theme')).toBe(false)
    expect(titles('task fail', nothing, [])).toEqual(['Failed tasks today'])
  })

  it('adds what the server found, once', () => {
    const recent = [{ kind: 'task' as const, id: 'task-1', title: 'Fix the login' }]
    const found = { conversations: [aConversation({ title: ' ' })], tasks: [aTask({ input_message: 'Fix the login\nplease' }), aTask({ task_id: 'task/2' })] }
    const entries = entriesFor('login', found, recent)
    expect(entries.map((entry) => [entry.group, entry.title])).toEqual([['Recent', 'Fix the login'], ['Conversations', 'Untitled'], ['Tasks', 'Fix it']])
    expect(entries.at(-1)!.run).toEqual({ to: '/tasks/task%2F2' })
    expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length)
  })

  it('opens by id', () => {
    expect(titles('conv-0193c5', nothing, [])).toEqual(['Open the conversation conv-0193c5'])
    expect(titles('9f1b2c3d', nothing, [])).toEqual(['Open the task 9f1b2c3d', 'Open the conversation 9f1b2c3d'])
    expect(titles('archived', nothing, [])).toEqual(['Archived conversations'])
  })
})

describe('what was looked at last', () => {
  it('is kept, newest first, each once, and no more than fits', () => {
    for (let i = 0; i < 12; i++) visited({ kind: 'task', id: `t${i}`, title: `${i}` })
    visited({ kind: 'task', id: 't9', title: 'nine' })
    visited({ kind: 'conversation', id: 't9', title: 'other' })
    expect(recentPlaces().map((place) => place.title)).toEqual(['other', 'nine', '11', '10', '8', '7', '6', '5'])
  })

  it('is nothing where storage holds nonsense', () => {
    for (const nonsense of ['{', '7', '[1,null,{"kind":"x"}]']) {
      localStorage.setItem('groote.recent', nonsense)
      expect(recentPlaces()).toEqual([])
    }
  })
})
