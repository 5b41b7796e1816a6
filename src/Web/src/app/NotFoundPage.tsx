import { Link } from 'react-router'
import { usePageMark } from '../lib/pageMark'

export function NotFoundPage() {
  usePageMark('Not found', 'none')
  return (
    <div className="state">
      <h1>There is no such page</h1>
      <p>The address may be mistyped, or from a newer version of the dashboard.</p>
      <Link className="button" to="/tasks">To the tasks</Link>
    </div>
  )
}
