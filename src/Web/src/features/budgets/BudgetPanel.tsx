import { useState } from 'react'
import { ErrorNotice } from '../../app/ErrorNotice'
import { ClockIcon, EditIcon, PlusIcon } from '../../app/icons'
import { formatCost } from '../../lib/format'
import { BudgetDialog } from './BudgetDialog'
import { TripsDialog } from './TripsDialog'
import { type Budget, outlook, periodWords, scopeWords } from './budgets'
import { useBudgets, useLiveBudgets } from './queries'
import './budgets.css'

type Open = { what: 'form' | 'trips'; budget: Budget | null } | null

/** What may be spent, what is, and where that leads. */
export function BudgetPanel() {
  const { data, error, refetch } = useBudgets()
  useLiveBudgets()
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  return (
    <section className="panel" aria-label="Budgets" data-testid="budgets">
      <header className="panel-head">
        <h2>Budgets</h2>
        {error && <ErrorNotice error={error} retry={() => void refetch()} compact />}
        <div className="panel-tools">
          <button className="chip" onClick={() => setOpen({ what: 'form', budget: null })}><PlusIcon /> Add budget</button>
        </div>
      </header>
      {!data ? !error && <span className="bone" style={{ width: '60%' }} />
        : data.length === 0 ? <p className="muted">No budgets. One says what agents may spend per day, week or month, warns on the way, and can stop chat when it is spent.</p>
        : (
          <ul className="budgets">
            {data.map((budget) => (
              <Row key={budget.budget_id} budget={budget} edit={() => setOpen({ what: 'form', budget })} showTrips={() => setOpen({ what: 'trips', budget })} />
            ))}
          </ul>
        )}
      {open?.what === 'form' && <BudgetDialog budget={open.budget} close={close} />}
      {open?.what === 'trips' && open.budget && <TripsDialog budget={open.budget} close={close} />}
    </section>
  )
}

function Row({ budget, edit, showTrips }: { budget: Budget; edit: () => void; showTrips: () => void }) {
  const { name, amount_usd: amount, spent_usd: spent, percent, thresholds, forecast, status } = budget
  const part = (usd: number) => `${Math.min(100, Math.max(0, (usd / amount) * 100))}%`
  const figures = `${formatCost(spent)} of ${formatCost(amount)}`
  return (
    <li className={`budget is-${status}`} data-testid="budget" data-status={status}>
      <div className="budget-name">
        <span><b>{name}</b> <span className="muted">{scopeWords(budget)}, {periodWords[budget.period]}</span></span>
        {budget.action === 'block_chat' && <span className="tag">stops chat</span>}
      </div>
      <div className="budget-bar" role="meter" aria-label={`${name}: spent`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.min(100, percent)} aria-valuetext={`${figures}, ${percent} %`}>
        {forecast && <i className="budget-expected" style={{ width: part(forecast.expected_usd) }} />}
        <i style={{ width: part(spent) }} />
        {thresholds.filter((threshold) => threshold < 100).map((threshold) => <span key={threshold} style={{ left: `${threshold}%` }} />)}
      </div>
      <div className="budget-figures">{figures} <b>{percent < 10 && percent > 0 ? percent.toFixed(1) : Math.floor(percent).toLocaleString()} %</b></div>
      <div className="budget-outlook muted">{outlook(budget)}</div>
      <div className="budget-tools">
        <button className="icon-button" aria-label={`When ${name} reached its thresholds`} title="When it reached its thresholds" onClick={showTrips}><ClockIcon /></button>
        <button className="icon-button" aria-label={`Edit ${name}`} title="Edit" onClick={edit}><EditIcon /></button>
      </div>
    </li>
  )
}
