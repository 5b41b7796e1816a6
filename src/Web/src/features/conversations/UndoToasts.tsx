import { keepAfterAll, send, useDeletions } from './deletions'

/** What is about to be deleted, and the way back. */
export function UndoToasts() {
  const deletions = useDeletions()
  return (
    <>
      {deletions.map(({ id, title, state, error }) => (
        <div key={id} className="undo-toast" data-testid="undo" data-state={state}>
          <span className="undo-text">
            {state === 'failed' ? `“${title}” was not deleted. ${error ?? ''}` : state === 'sending' ? `Deleting “${title}” …` : `“${title}” will be deleted`}
          </span>
          {state === 'failed' && <button className="undo-button" onClick={() => void send(id)}>Try again</button>}
          {state !== 'sending' && <button className="undo-button" onClick={() => keepAfterAll(id)}>{state === 'failed' ? 'Keep it' : 'Undo'}</button>}
          {state === 'waiting' && <span className="undo-time" aria-hidden="true" />}
        </div>
      ))}
    </>
  )
}
