import { StatusIcon } from '../../app/icons'
import type { TaskStatus } from '../../api/types'
import { statusLabels } from './statusText'

export function TaskStatusBadge({ status, short = false }: { status: TaskStatus; short?: boolean }) {
  const label = short && status === 'waiting_input' ? 'Waiting' : statusLabels[status]
  return (
    <span className={`status is-${status}`} data-status={status} title={statusLabels[status]}>
      <StatusIcon status={status} />
      {label}
    </span>
  )
}
