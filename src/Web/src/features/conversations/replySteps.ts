/** What an agent did for one reply, from its log: text, thoughts, and calls of tools with what came of them. Pure. */
import { stripAnsi } from '../tasks/log/ansi'
import { type BlockRow, type LogRow, plainText } from '../tasks/log/logModel'

export type Step =
  | { type: 'text'; key: string; text: string }
  | { type: 'thinking'; key: string; text: string }
  | { type: 'note'; key: string; text: string }
  | ToolStep

export interface ToolStep {
  type: 'tool'
  key: string
  name: string
  input: string
  /** What was printed while it ran. */
  output: string
  /** Null while it runs. */
  result: string | null
  failed: boolean
}

/**
 * @param ended The task has ended, so that a call without a result is not still running: what came after it was said, not printed.
 */
export function replySteps(rows: readonly LogRow[], ended: boolean): Step[] {
  const steps: Step[] = []
  let open: ToolStep[] = []
  const say = (key: string, text: string) => {
    const last = steps.at(-1)
    if (last?.type === 'text') last.text += `\n${text}`
    else steps.push({ type: 'text', key, text })
  }
  for (const row of rows) {
    const key = `${row.offset}.${row.index}`
    if (row.type === 'line') {
      const tool = open.at(-1)
      if (tool) tool.output += tool.output ? `\n${plainText(row)}` : plainText(row)
      else say(key, plainText(row))
    } else if (row.type === 'gap') {
      if (row.lost) steps.push({ type: 'note', key, text: 'A part of the output was lost before it reached the server.' })
    } else if (row.type === 'block') {
      const text = stripAnsi(row.lines.join('\n'))
      if (row.kind === 'tool_call') {
        const call: ToolStep = { type: 'tool', key, name: nameOf(row), input: inputOf(text, nameOf(row)), output: '', result: null, failed: false }
        steps.push(call)
        open.push(call)
      } else if (row.kind === 'tool_result') {
        const call = open.find((candidate) => candidate.name === nameOf(row)) ?? open[0]
        const failed = row.data['is_error'] === true
        if (call) {
          call.result = text
          call.failed = failed
          open = open.filter((candidate) => candidate !== call)
        } else steps.push({ type: 'tool', key, name: nameOf(row), input: '', output: '', result: text, failed })
      } else if (row.kind === 'thinking') {
        const last = steps.at(-1)
        if (last?.type === 'thinking') last.text += `\n\n${text}`
        else steps.push({ type: 'thinking', key, text })
      } else steps.push({ type: 'note', key, text })
    }
  }
  if (!ended) return steps
  const finished: Step[] = []
  for (const step of steps) {
    finished.push(step)
    if (step.type !== 'tool' || step.result !== null) continue
    const said = step.output
    step.output = ''
    step.result = ''
    if (said) finished.push({ type: 'text', key: `${step.key}+`, text: said })
  }
  return finished
}

const nameOf = (row: BlockRow): string => (typeof row.data['name'] === 'string' ? stripAnsi(row.data['name']).slice(0, 200) : 'tool')

/** The text of a call begins with the tool's name, which stands beside it. */
const inputOf = (text: string, name: string): string => (text.startsWith(`${name} `) ? text.slice(name.length + 1) : text)

const TELLING = ['command', 'file_path', 'path', 'pattern', 'query', 'url', 'description', 'text', 'title', 'name']

/** What says most about a call in one line: its command, its file, its question. */
export function inputPreview(input: string): string {
  try {
    const parsed: unknown = JSON.parse(input)
    if (typeof parsed === 'object' && parsed !== null) {
      const fields = parsed as Record<string, unknown>
      const telling = [...TELLING, ...Object.keys(fields)].find((name) => typeof fields[name] === 'string')
      if (telling !== undefined) return firstLine(fields[telling] as string)
    }
  } catch {
    // not JSON, or cut off: as it is
  }
  return firstLine(input)
}

export const firstLine = (text: string): string => text.trimStart().split('\n', 1)[0]!.slice(0, 200)

/** The steps without the answer that they end in, once it is saved and shown by itself. */
export function withoutAnswer(steps: readonly Step[], answer: string): Step[] {
  const last = steps.at(-1)
  const said = stripAnsi(answer.replace(/\r\n?/g, '\n')).trim()
  if (last?.type !== 'text' || said === '' || !last.text.trimEnd().endsWith(said)) return [...steps]
  const rest = last.text.trimEnd().slice(0, -said.length).trimEnd()
  return rest ? [...steps.slice(0, -1), { ...last, text: rest }] : steps.slice(0, -1)
}

/** `6 steps: Grep, Read, Bash`: what a folded list of steps holds. */
export function describeSteps(steps: readonly Step[]): string {
  const tools = steps.filter((step): step is ToolStep => step.type === 'tool')
  const names = [...new Set(tools.map((step) => step.name))]
  const thoughts = steps.filter((step) => step.type === 'thinking').length
  const parts = [
    tools.length > 0 && `${tools.length} ${tools.length === 1 ? 'call' : 'calls'} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`,
    thoughts > 0 && `${thoughts} ${thoughts === 1 ? 'thought' : 'thoughts'}`,
  ].filter(Boolean)
  return parts.join(', ')
}
