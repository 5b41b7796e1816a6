import { useMemo, useState } from 'react'
import { StatusIcon } from '../../app/icons'
import { type TaskDetails, isFinal } from '../../api/types'
import { formatAbsolute, formatClock, formatDuration } from '../../lib/format'
import { useNow } from '../../lib/time'
import type { LogSession } from './log/logSession'
import { statusLabels } from './statusText'
import { statusChanges, timelineOf } from './timeline'

/** More changes than this are folded in the middle. */
const SHOWN = 8

export function Timeline({ task, session }: { task: TaskDetails; session: LogSession }) {
  // A long log is not gone through with every line that comes.
  const changes = useMemo(() => statusChanges(session.model.rows()), [session, session.model.statusVersion])
  const steps = useMemo(() => timelineOf(task, changes), [task, changes])
  const [all, setAll] = useState(false)
  const folded = all || steps.length <= SHOWN ? 0 : steps.length - SHOWN + 1
  const shown = folded === 0 ? steps : [...steps.slice(0, 2), ...steps.slice(2 + folded)]
  return (
    <ol className="timeline" aria-label="Changes of status" data-testid="timeline">
      {shown.map((step, i) => (
        <li key={`${step.at}.${step.status}`} className={`is-${step.status}`}>
          {folded > 0 && i === 2 && <button className="link-button" onClick={() => setAll(true)}>{folded} more</button>}
          <span className="status"><StatusIcon status={step.status} />{statusLabels[step.status]}</span>
          <time dateTime={new Date(step.at).toISOString()} title={formatAbsolute(step.at)}>{formatClock(step.at)}</time>
          {step.seconds !== null ? <span className="timeline-span">{formatDuration(step.seconds)}</span> : !isFinal(step.status) && <Since at={step.at} />}
        </li>
      ))}
    </ol>
  )
}

function Since({ at }: { at: number }) {
  const now = useNow()
  return <span className="timeline-span is-open">{formatDuration(Math.floor(Math.max(0, now - at) / 1000))}</span>
}
