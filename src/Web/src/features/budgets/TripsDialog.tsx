import { Dialog } from '../../app/Dialog'
import { CloseIcon } from '../../app/icons'
import { formatCost } from '../../lib/format'
import { type Budget, timeIn } from './budgets'
import { useTrips } from './queries'

/** The thresholds that a budget has reached, newest first. */
export function TripsDialog({ budget, close }: { budget: Budget; close: () => void }) {
  const { data, error, fetchNextPage, hasNextPage, isFetchingNextPage } = useTrips(budget.budget_id)
  const trips = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Dialog label={`When ${budget.name} reached its thresholds`} className="is-small" onClose={close}>
      <div className="dialog-head">
        <h2>{budget.name}: thresholds reached</h2>
        <button className="icon-button" aria-label="Close" data-autofocus onClick={close}><CloseIcon /></button>
      </div>
      {error ? <p className="is-error" role="alert">{error.message}</p>
        : !data ? <span className="bone" style={{ width: 200 }} />
        : trips.length === 0 ? <p className="muted">None yet.</p>
        : (
          <ul className="budget-trips" data-testid="trips" tabIndex={0} aria-label="Thresholds reached">
            {trips.map((trip) => (
              <li key={trip.trip_id}>
                <b>{trip.threshold} %</b>
                <span>{formatCost(trip.spent_usd)} of {formatCost(trip.amount_usd)}</span>
                <time className="muted" dateTime={trip.tripped_at}>{timeIn(budget.zone, trip.tripped_at)}</time>
              </li>
            ))}
          </ul>
        )}
      {hasNextPage && <button className="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older</button>}
    </Dialog>
  )
}
