import { type MouseEvent, memo, useCallback, useEffect, useRef } from 'react'
import type { TaskSummary } from '../../api/types'
import { taskTitle } from '../../lib/format'
import { useHotkeys } from '../../lib/hotkeys'
import type { Column } from './columns'
import type { TaskFilters } from './taskFilters'

interface HeadProps {
  columns: readonly Column[]
  filters: TaskFilters
  onSort: (sort: Pick<TaskFilters, 'sortBy' | 'sortOrder'>) => void
}

function Head({ columns, filters, onSort, all, onAll }: HeadProps & { all: boolean | 'some'; onAll: () => void }) {
  return (
    <thead>
      <tr>
        <th scope="col" className="c-select">
          <input type="checkbox" aria-label="Select all on this page" checked={all === true} ref={(box) => { if (box) box.indeterminate = all === 'some' }} onChange={onAll} />
        </th>
        {columns.map((column) => <HeadCell key={column.id} column={column} filters={filters} onSort={onSort} />)}
      </tr>
    </thead>
  )
}

function HeadCell({ column: { id, name, sort, number }, filters, onSort }: { column: Column } & Omit<HeadProps, 'columns'>) {
  const className = `c-${id}${number ? ' is-number' : ''}`
  if (!sort) return <th scope="col" className={className}>{name}</th>
  const current = filters.sortBy === sort
  const next = current ? (filters.sortOrder === 'asc' ? 'desc' : 'asc') : number ? 'desc' : 'asc'
  return (
    <th scope="col" className={className} aria-sort={current ? (filters.sortOrder === 'asc' ? 'ascending' : 'descending') : 'none'}>
      <button className="sort" onClick={() => onSort({ sortBy: sort, sortOrder: next })}>
        <span>{name}</span>
        <span className="sort-mark" aria-hidden="true">{current ? (filters.sortOrder === 'asc' ? '↑' : '↓') : ''}</span>
      </button>
    </th>
  )
}

export const taskIdAt = (element: Element | null): string | null => element?.closest<HTMLElement>('tr[data-task]')?.dataset['task'] ?? null

export function TaskTable({ tasks, selected, onSelect, stale, onHold, ...head }: HeadProps & {
  tasks: readonly TaskSummary[]
  selected: ReadonlySet<string>
  onSelect: (ids: readonly string[], on: boolean) => void
  stale: boolean
  /** The pointer or the focus is in the table: rows must not move. */
  onHold: (held: boolean) => void
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const lastPicked = useRef<string | null>(null)

  const step = (by: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>('a.task-link') ?? [])]
    const row = document.activeElement?.closest('tr')
    const at = links.findIndex((link) => link.closest('tr') === row)
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))
    links[next]?.focus()
    links[next]?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  }

  /** With `range`, everything from the row that was picked before. */
  const pick = (id: string, range: boolean) => {
    const ids = tasks.map((task) => task.task_id)
    const from = range && lastPicked.current !== null ? ids.indexOf(lastPicked.current) : -1
    const to = ids.indexOf(id)
    lastPicked.current = id
    if (from >= 0) onSelect(ids.slice(Math.min(from, to), Math.max(from, to) + 1), true)
    else onSelect([id], !selected.has(id))
  }
  const latestPick = useRef(pick)
  useEffect(() => {
    latestPick.current = pick
  })
  const onPick = useCallback((id: string, range: boolean) => latestPick.current(id, range), [])
  const pickFocused = (range: boolean) => {
    const id = body.current?.contains(document.activeElement) ? taskIdAt(document.activeElement) : null
    if (id !== null) pick(id, range)
  }

  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    x: () => pickFocused(false),
    X: () => pickFocused(true),
  })

  const held = useRef({ pointer: false, focus: false })
  const hold = (change: Partial<typeof held.current>) => {
    held.current = { ...held.current, ...change }
    onHold(held.current.pointer || held.current.focus)
  }
  const here = tasks.filter((task) => selected.has(task.task_id)).length
  const all = here === 0 ? false : here === tasks.length ? true : 'some'
  return (
    <table className={stale ? 'tasks is-stale' : 'tasks'} aria-busy={stale}>
      <Head {...head} all={all} onAll={() => onSelect(tasks.map((task) => task.task_id), all !== true)} />
      <tbody ref={body} onPointerEnter={(event) => event.pointerType === 'mouse' && hold({ pointer: true })} onPointerLeave={() => hold({ pointer: false })}
        onFocus={() => hold({ focus: true })} onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && hold({ focus: false })}>
        {tasks.map((task) => <Row key={task.task_id} task={task} columns={head.columns} selected={selected.has(task.task_id)} onPick={onPick} />)}
      </tbody>
    </table>
  )
}

const Row = memo(function Row({ task, columns, selected, onPick }: {
  task: TaskSummary
  columns: readonly Column[]
  selected: boolean
  onPick: (id: string, range: boolean) => void
}) {
  const onClick = (event: MouseEvent) => {
    onPick(task.task_id, event.shiftKey)
    if (event.shiftKey) window.getSelection()?.removeAllRanges()
  }
  return (
    <tr data-task={task.task_id} aria-selected={selected}>
      <td className="c-select">
        <label>
          <input type="checkbox" checked={selected} readOnly onClick={onClick} aria-label={`Select ${taskTitle(task.input_message, task.task_id).slice(0, 80)}`} />
        </label>
      </td>
      {columns.map(({ id, number, cell }) => <td key={id} className={`c-${id}${number ? ' is-number' : ''}`}>{cell(task)}</td>)}
    </tr>
  )
})

const boneWidths: Record<string, number> = { status: 84, task: 0, agent: 60, source: 54, cost: 44, tokens: 40 }

export function TaskTableSkeleton({ rows, columns }: { rows: number; columns: readonly Column[] }) {
  return (
    <table className="tasks" aria-hidden="true" data-testid="skeleton">
      <thead>
        <tr>
          <th className="c-select" />
          {columns.map(({ id, name, number }) => <th key={id} className={`c-${id}${number ? ' is-number' : ''}`}>{name}</th>)}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: rows }, (_, i) => (
          <tr key={i}>
            <td className="c-select" />
            {columns.map(({ id, number }) => (
              <td key={id} className={`c-${id}${number ? ' is-number' : ''}`}>
                <span className="bone" style={{ width: id === 'task' ? `${45 + ((i * 17) % 40)}%` : (boneWidths[id] ?? 56) }} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
