import { useEffect, useRef } from 'react'
import { whenClosed } from './Dialog'

const groups: { name: string; keys: [string, string][] }[] = [
  { name: 'Everywhere', keys: [['Ctrl K', 'Find anything'], ['g o', 'Overview'], ['g t', 'Tasks'], ['g c', 'Conversations'], ['g n', 'New conversation'], ['g s', 'System'], ['?', 'This help'], ['Esc', 'Close, clear']] },
  {
    name: 'Tasks',
    keys: [
      ['/', 'Search'], ['j  k', 'Next, previous task'], ['Enter', 'Open the task'], ['x', 'Select it'], ['Shift X', 'Select up to it'],
      ['s', 'Stop'], ['r', 'Retry'], ['e', 'Export'], ['[  ]', 'Previous, next page'],
    ],
  },
  { name: 'Conversations', keys: [['/', 'Search titles'], ['n', 'New conversation'], ['Enter', 'Send'], ['Shift Enter', 'New line']] },
  {
    name: 'Log',
    keys: [
      ['/  or  Ctrl F', 'Search'], ['n  N', 'Next, previous match'], ['G  or  End', 'To the end, and follow'],
      ['Home', 'To the start'], ['w', 'Wrap lines'], ['t', 'Timestamps'], ['o', 'Open, close all folds'], ['Shift click', 'Select a range of lines'],
    ],
  },
]

export function KeyboardHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <dialog ref={dialog} className="dialog" aria-label="Keyboard shortcuts" onClose={whenClosed(onClose)} onClick={(event) => event.target === dialog.current && onClose()}>
      {open && (
        <div className="dialog-body">
          <div className="dialog-head">
            <h2>Keyboard shortcuts</h2>
            <button className="button" onClick={onClose}>Close</button>
          </div>
          <div className="help-groups">
            {groups.map((group) => (
              <section key={group.name}>
                <h3>{group.name}</h3>
                <dl>
                  {group.keys.map(([keys, what]) => (
                    <div key={keys}>
                      <dt>{keys.split('  ').map((key, i) => (key === 'or' ? <span key={i}>or</span> : <kbd key={i}>{key}</kbd>))}</dt>
                      <dd>{what}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </div>
      )}
    </dialog>
  )
}
