import { useState } from 'react'
import { CopyIcon } from '../../app/icons'
import { copyText } from '../../lib/clipboard'

export function NoTasksYet() {
  return (
    <div className="state is-onboarding" data-testid="no-tasks">
      <h2>No tasks yet</h2>
      <p>A task appears here as soon as something is heard of it. Send the first one from a terminal:</p>
      <Command title="As an agent engine does, through Redis" text="redis-cli PUBLISH task:demo-1:output 'hello'" />
      <Command title="Or the output of any command, as it runs" text={`your-command 2>&1 | curl -T - ${location.origin}/api/tasks/my-task/output?finish=completed`} />
    </div>
  )
}

function Command({ title, text }: { title: string; text: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <div className="command">
      <span className="muted">{title}</span>
      <div className="command-line">
        <code>{text}</code>
        <button className="icon-button" aria-label={`Copy: ${title}`} title="Copy" onClick={() => void copyText(text).then(setCopied)}>
          <CopyIcon />
        </button>
      </div>
      <span className="visually-hidden" role="status">{copied ? 'Copied' : ''}</span>
    </div>
  )
}
