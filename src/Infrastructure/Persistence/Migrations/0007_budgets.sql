-- Budgets, and the thresholds that they have reached.

CREATE TABLE budgets (
    budget_id   text        PRIMARY KEY,
    name        text        NOT NULL,
    amount_usd  numeric     NOT NULL CHECK (amount_usd > 0),
    period      text        NOT NULL,
    zone        text        NOT NULL,
    scope       text        NOT NULL,
    scope_value text,
    thresholds  integer[]   NOT NULL,
    action      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

-- Each threshold once per period: of several processes that find it reached, one records it.
CREATE TABLE budget_trips (
    trip_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    budget_id    text        NOT NULL REFERENCES budgets ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    threshold    integer     NOT NULL,
    spent_usd    numeric     NOT NULL,
    amount_usd   numeric     NOT NULL,
    tripped_at   timestamptz NOT NULL,
    UNIQUE (budget_id, period_start, threshold)
);

CREATE INDEX ix_budget_trips_budget ON budget_trips (budget_id, trip_id);
