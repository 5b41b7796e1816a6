import { describe, expect, it } from 'vitest'
import type { Message, TaskSummary } from '../../api/types'
import { aMessage, aTask } from '../../test/builders'
import { type Unsent, addMessage, mergeNewest, prependOlder, threadItems } from './thread'

const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00Z`
const said = (n: number, change: Partial<Message> = {}) => aMessage({ message_id: `m${n}`, created_at: at(n), content: `${n}`, ...change })
const ids = (messages: readonly Message[]) => messages.map((message) => message.message_id).join(' ')
const none = new Set<string>()

describe('the newest page', () => {
  it('goes on from what is known', () => {
    const merged = mergeNewest([said(1), said(2), said(3)], [said(2), said(3), said(4)], true, none)
    expect([ids(merged.messages), merged.met]).toEqual(['m1 m2 m3 m4', true])
  })

  it('takes the place of everything where the two do not meet', () => {
    const merged = mergeNewest([said(1), said(2)], [said(8), said(9)], true, none)
    expect([ids(merged.messages), merged.met]).toEqual(['m8 m9', false])
  })

  it('is all there is where nothing is older: what was cleared goes away', () => {
    expect(mergeNewest([said(1), said(2)], [], false, none)).toEqual({ messages: [], met: false })
    expect(ids(mergeNewest([said(1), said(2)], [said(2)], false, none).messages)).toBe('m2')
  })

  it('loses nothing that came live while it was read', () => {
    const known = [said(1), said(2), said(3)]
    expect(ids(mergeNewest(known, [said(1), said(2)], false, new Set(['m3'])).messages)).toBe('m1 m2 m3')
    expect(ids(mergeNewest(known, [said(1), said(2)], false, none).messages)).toBe('m1 m2')
  })
})

describe('messages', () => {
  it('are there once', () => {
    expect(ids(prependOlder([said(3), said(4)], [said(1), said(2), said(3)]))).toBe('m1 m2 m3 m4')
    const known = [said(1)]
    expect(addMessage(known, said(1, { content: 'again' }))).toBe(known)
    expect(ids(addMessage(known, said(2)))).toBe('m1 m2')
  })
})

describe('the thread', () => {
  const tasks = (...all: Partial<TaskSummary>[]) => new Map(all.map((one) => [one.task_id!, aTask({ conversation_id: 'conv-1', ...one })]))
  const order = (messages: Message[], known: Map<string, TaskSummary> = new Map(), unsent: Unsent[] = [], complete = true) =>
    threadItems(messages, known, unsent, complete).map((item) => `${item.type === 'reply' && !item.message ? '…' : ''}${item.key}`).join(' ')

  it('puts a reply below what it answers, before and after it is saved', () => {
    const asked = [said(1, { task_id: 'a' }), said(2, { task_id: 'b' })]
    const known = tasks({ task_id: 'a', status: 'running' }, { task_id: 'b' })
    expect(order(asked, known)).toBe('m1 …reply:a m2 …reply:b')
    expect(order([...asked, said(3, { role: 'assistant', task_id: 'a' })], known)).toBe('m1 reply:a m2 …reply:b')
  })

  it('shows replies whose question is not there, and second ones, where they were said', () => {
    expect(order([said(1, { role: 'assistant', task_id: 'a' }), said(2), said(3, { role: 'assistant', task_id: 'a' }), said(4, { role: 'assistant' })])).toBe('reply:a m2 m3 m4')
  })

  it('shows a task that no message asked for where it was created, with its words', () => {
    const known = tasks({ task_id: 'again', created_at: at(2), parent_task_id: 'a', input_message: 'once more' })
    expect(order([said(1), said(3)], known)).toBe('m1 …reply:again m3')
    expect(threadItems([said(1)], known, [], true)[1]).toMatchObject({ question: 'once more' })
  })

  it('leaves out tasks that are older than the messages that are loaded', () => {
    const known = tasks({ task_id: 'old', created_at: at(1) })
    expect(order([said(5)], known, [], false)).toBe('m5')
    expect(order([said(5)], known, [], true)).toBe('…reply:old m5')
  })

  it('ends in what is not sent, until it is among the messages', () => {
    const unsent: Unsent[] = [{ message_id: 'm2', content: '2', state: 'sending' }]
    expect(order([said(1)], new Map(), unsent)).toBe('m1 m2')
    expect(threadItems([said(1), said(2)], new Map(), unsent, true).map((item) => item.type)).toEqual(['message', 'message'])
  })
})
