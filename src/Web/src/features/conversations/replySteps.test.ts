import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../api/types'
import { LogModel } from '../tasks/log/logModel'
import { type Step, describeSteps, inputPreview, replySteps, withoutAnswer } from './replySteps'

function rows(...entries: [kind: string, output: string, data?: Record<string, unknown>][]) {
  const model = new LogModel()
  model.insert(entries.map(([kind, output, data], i): LogEntry => ({
    offset: i + 1, type: 'output', timestamp: '2026-11-20T10:00:00Z', kind, output, ...(data ? { data } : {}),
  })))
  return model.rows()
}

const brief = (steps: readonly Step[]) =>
  steps.map((step) => (step.type === 'tool' ? `tool ${step.name}(${step.input}) ${step.output || '-'} ${step.result === null ? 'runs' : step.failed ? `failed ${step.result}` : `= ${step.result}`}` : `${step.type} ${step.text}`))

describe('the steps of a reply', () => {
  it('are text, thoughts and calls, each with what it printed and what came of it', () => {
    const log = rows(
      ['thinking', 'Hm.'], ['thinking', 'Well.'], ['output', 'I look.\n'],
      ['tool_call', '{"a":1}', { name: 'Grep' }], ['output', 'hit\n\u001b[32mgreen\u001b[0m\n'], ['tool_result', 'two hits', { name: 'Grep', is_error: false }],
      ['output', '**Done** '], ['output', 'now.\nBye.\n'],
    )
    expect(brief(replySteps(log, true))).toEqual(['thinking Hm.\n\nWell.', 'text I look.', 'tool Grep({"a":1}) hit\ngreen = two hits', 'text **Done** now.\nBye.'])
  })

  it('match results to calls that run side by side, and show failures', () => {
    const log = rows(
      ['tool_call', 'a', { name: 'A' }], ['tool_call', 'b', { name: 'B' }], ['tool_result', 'rb', { name: 'B', is_error: true }], ['tool_result', 'ra', { name: 'A' }], ['tool_result', 'lone', {}],
    )
    expect(brief(replySteps(log, false))).toEqual(['tool A(a) - = ra', 'tool B(b) - failed rb', 'tool tool() - = lone'])
  })

  it('show what a call prints as its own while it runs, and as said if it never came back', () => {
    const log = rows(['tool_call', 'x', { name: 'Bash' }], ['output', 'line\n'])
    expect(brief(replySteps(log, false))).toEqual(['tool Bash(x) line runs'])
    expect(brief(replySteps(log, true))).toEqual(['tool Bash(x) - = ', 'text line'])
  })

  it('end in the answer until that is shown by itself', () => {
    const steps = replySteps(rows(['output', 'Before.\n\nThe answer\nin two lines.\n']), true)
    expect(brief(withoutAnswer(steps, 'The answer\r\nin two lines.\n'))).toEqual(['text Before.'])
    expect(withoutAnswer(steps, 'Before.\n\nThe answer\nin two lines.')).toEqual([])
    expect(brief(withoutAnswer(steps, 'Something else'))).toEqual(brief(steps))
    expect(brief(withoutAnswer(steps, '  '))).toEqual(brief(steps))
  })

  it('name what a call is about', () => {
    expect(brief(replySteps(rows(['tool_call', 'Bash {"command":"ls"}', { name: 'Bash' }]), false))).toEqual(['tool Bash({"command":"ls"}) - runs'])
    expect(['{"timeout":3,"command":"npm test\\nmore"}', '{"other":"x"}', '{"a":1}', '{"cut', 'plain\ntext'].map(inputPreview)).toEqual(['npm test', 'x', '{"a":1}', '{"cut', 'plain'])
  })

  it('say in a line what they are', () => {
    expect(describeSteps(replySteps(rows(['thinking', 'a'], ['tool_call', '', { name: 'A' }], ['tool_call', '', { name: 'A' }]), false))).toBe('2 calls (A), 1 thought')
  })
})
