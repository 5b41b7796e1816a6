import { Link } from 'react-router'
import type { TaskDetails } from '../../api/types'
import { shortId } from '../../lib/format'
import { TaskStatusBadge } from './TaskStatusBadge'
import { useChildren } from './queries'

/** Where the task comes from and what came of it: its conversation, its flow, the task that it repeats or was started by, and those that repeat it or that it started. */
export function RelatedTasks({ task }: { task: TaskDetails }) {
  const { data: children } = useChildren(task.task_id)
  const origin = originOf(task.source_metadata)
  const links = [
    task.conversation_id !== null && <Related key="c" name="Conversation"><Link className="mono" to={`/conversations/${encodeURIComponent(task.conversation_id)}`} title={task.conversation_id}>{shortId(task.conversation_id)}</Link></Related>,
    task.flow_id !== null && <Related key="f" name="Flow"><Link to={`/tasks?${new URLSearchParams({ flow_id: task.flow_id })}`} title={task.flow_id}>{task.flow_id}</Link></Related>,
    task.parent_task_id !== null && <Related key="p" name="Parent"><Link className="mono" to={`/tasks/${encodeURIComponent(task.parent_task_id)}`} title={task.parent_task_id}>{shortId(task.parent_task_id)}</Link></Related>,
    ...(children?.items ?? []).map((child) => (
      <Related key={child.task_id} name="Child">
        <Link className="mono" to={`/tasks/${encodeURIComponent(child.task_id)}`} title={child.task_id}>{shortId(child.task_id)}</Link> <TaskStatusBadge status={child.status} short />
      </Related>
    )),
    children && children.total > children.items.length && <Related key="m" name="And"><Link to={`/tasks?${new URLSearchParams({ parent: task.task_id })}`}>{children.total - children.items.length} more</Link></Related>,
    origin && <Related key="o" name="From"><a href={origin} rel="noreferrer noopener" target="_blank">{origin.replace(/^https?:\/\//, '').slice(0, 60)}</a></Related>,
  ].filter(Boolean)
  return links.length === 0 ? null : <ul className="related" aria-label="Related">{links}</ul>
}

function Related({ name, children }: { name: string; children: React.ReactNode }) {
  return <li><span className="muted">{name}</span> {children}</li>
}

/** The page at the source, where a webhook named one; only an address that is safe to follow. */
export function originOf(metadata: Record<string, unknown>): string | null {
  for (const name of ['html_url', 'issue_url', 'pr_url', 'url', 'permalink']) {
    const value = metadata[name]
    if (typeof value !== 'string' || !URL.canParse(value)) continue
    const { protocol, href } = new URL(value)
    if (protocol === 'https:' || protocol === 'http:') return href
  }
  return null
}
