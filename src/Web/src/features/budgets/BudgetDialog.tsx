import { type FormEvent, type ReactNode, memo, useId, useState } from 'react'
import { ApiError } from '../../api/http'
import { Dialog } from '../../app/Dialog'
import { ownZone } from '../overview/range'
import { useAgents } from '../tasks/queries'
import { type Budget, type BudgetTerms, parseThresholds } from './budgets'
import { useBudgetActions } from './queries'

type Problems = Record<string, string>

const MAX_NAME = 100

/** Some hundreds: not drawn anew with every letter that is typed. */
const Zones = memo(({ id }: { id: string }) => (
  <datalist id={id}>{['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? []).filter((zone) => zone !== 'UTC')].map((zone) => <option key={zone} value={zone} />)}</datalist>
))

/** The terms of a budget: a new one where there is none yet. What is wrong with them the server says, by field. */
export function BudgetDialog({ budget, close }: { budget: Budget | null; close: () => void }) {
  const [name, setName] = useState(budget?.name ?? '')
  const [amount, setAmount] = useState(budget ? String(budget.amount_usd) : '')
  const [period, setPeriod] = useState<BudgetTerms['period']>(budget?.period ?? 'month')
  const [zone, setZone] = useState(budget?.zone ?? ownZone())
  const [scope, setScope] = useState<BudgetTerms['scope']>(budget?.scope ?? 'everything')
  const [value, setValue] = useState(budget?.scope_value ?? '')
  const [thresholds, setThresholds] = useState(budget ? budget.thresholds.join(', ') : '50, 80')
  const [action, setAction] = useState<BudgetTerms['action']>(budget?.action ?? 'notify')
  const [problems, setProblems] = useState<Problems>({})
  const [busy, setBusy] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const { data: agents } = useAgents()
  const { save, remove } = useBudgetActions()
  const id = useId()

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setProblems({})
    try {
      await work()
      close()
    } catch (error) {
      setProblems(problemsOf(error))
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const [usd, percentages] = [Number(amount.replace(',', '.')), parseThresholds(thresholds)]
    const own: Problems = {
      ...(amount.trim() === '' || !Number.isFinite(usd) ? { amount_usd: 'An amount is needed, such as 50.' } : {}),
      ...(percentages === null ? { thresholds: 'Whole percentages, separated by commas.' } : {}),
    }
    if (Object.keys(own).length > 0) return setProblems(own)
    void attempt(() => save(budget?.budget_id ?? null, {
      name, amount_usd: usd, period, zone, scope, scope_value: scope === 'everything' ? null : value, thresholds: percentages!, action,
    }))
  }
  const field = (key: string) => ({ problem: problems[key], id: `${id}${key}` })
  const input = (key: string) => ({ id: `${id}${key}`, className: 'input', 'aria-invalid': key in problems, 'aria-describedby': key in problems ? `${id}${key}-problem` : undefined })
  return (
    <Dialog label={budget ? `Edit ${budget.name}` : 'Add a budget'} className="is-small" onClose={close}>
      <form className="budget-form" onSubmit={submit} noValidate>
        <h2>{budget ? 'Edit budget' : 'New budget'}</h2>
        <Field label="Name" {...field('name')}><input {...input('name')} maxLength={MAX_NAME} data-autofocus value={name} onChange={(event) => setName(event.target.value)} /></Field>
        <Field label="Amount, $" {...field('amount_usd')}><input {...input('amount_usd')} inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} /></Field>
        <Field label="Period" {...field('period')}>
          <select {...input('period')} className="select" value={period} onChange={(event) => setPeriod(event.target.value as BudgetTerms['period'])}>
            <option value="day">Day</option><option value="week">Week, from Monday</option><option value="month">Month</option>
          </select>
        </Field>
        <Field label="Zone" {...field('zone')}><input {...input('zone')} list={`${id}-zones`} value={zone} onChange={(event) => setZone(event.target.value)} /></Field>
        <Zones id={`${id}-zones`} />
        <Field label="For" {...field('scope')}>
          <select {...input('scope')} className="select" value={scope} onChange={(event) => setScope(event.target.value as BudgetTerms['scope'])}>
            <option value="everything">Everything</option><option value="agent">One agent</option><option value="source">One source</option>
          </select>
        </Field>
        {scope !== 'everything' && (
          <Field label={scope === 'agent' ? 'Agent' : 'Source'} {...field('scope_value')}>
            <input {...input('scope_value')} list={scope === 'agent' ? `${id}-agents` : undefined} value={value} onChange={(event) => setValue(event.target.value)} />
          </Field>
        )}
        <datalist id={`${id}-agents`}>{(agents ?? []).map((agent) => <option key={agent.name} value={agent.name} />)}</datalist>
        <Field label="Warn at, %" {...field('thresholds')}><input {...input('thresholds')} inputMode="numeric" value={thresholds} onChange={(event) => setThresholds(event.target.value)} /></Field>
        <Field label="When spent" {...field('action')}>
          <select {...input('action')} className="select" value={action} onChange={(event) => setAction(event.target.value as BudgetTerms['action'])}>
            <option value="notify">Say so</option><option value="block_chat">Say so and stop chat</option>
          </select>
        </Field>
        {problems[''] && <p className="is-error" role="alert">{problems['']}</p>}
        <div className="dialog-actions">
          {budget && (
            <button type="button" className="button is-quiet budget-delete" disabled={busy} onBlur={() => setDeleting(false)}
              onClick={() => (deleting ? void attempt(() => remove(budget.budget_id)) : setDeleting(true))}>
              {deleting ? 'Delete it, with its history' : 'Delete'}
            </button>
          )}
          <button type="button" className="button" onClick={close}>Cancel</button>
          <button className="button is-primary" disabled={busy}>Save</button>
        </div>
      </form>
    </Dialog>
  )
}

function Field({ label, id, problem, children }: { label: string; id: string; problem: string | undefined; children: ReactNode }) {
  return (
    <div className="budget-field">
      <label htmlFor={id}>{label}</label>
      {children}
      {problem && <p className="is-error" id={`${id}-problem`} role="alert">{problem}</p>}
    </div>
  )
}

/** By field; under '' what is of none. */
function problemsOf(error: unknown): Problems {
  if (!(error instanceof ApiError)) return { '': 'It could not be saved.' }
  const fields = Object.entries(error.fields).map(([field, messages]) => [field.replace(/\[.*/, ''), messages.join(' ')])
  return fields.length > 0 ? Object.fromEntries(fields) as Problems : { '': error.message }
}
