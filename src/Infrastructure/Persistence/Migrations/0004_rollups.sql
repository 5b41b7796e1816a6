-- Rollups of tasks, and the changes that are to be added to them (ADR 12).

ALTER TABLE tasks ADD COLUMN model text;

-- What changed of what is aggregated, written by a trigger in the transaction that changes a task: the task as it was with sign -1, as it is with sign 1. Rows
-- are only added here and taken out again by whoever folds them into the rollups: no writer of tasks waits for another one. No key and no index: the table is
-- read and emptied as a whole.
CREATE TABLE task_deltas (
    sign             smallint    NOT NULL,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    completed_at     timestamptz,
    assigned_agent   text,
    agent_type       text        NOT NULL,
    source           text        NOT NULL,
    model            text,
    status           text        NOT NULL,
    user_id          text        NOT NULL,
    cost_usd         numeric,
    input_tokens     bigint,
    output_tokens    bigint,
    duration_seconds double precision,
    written_at       timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What the tasks come to that were created in one bucket of time and share the value of a dimension (or of two).
CREATE TABLE task_rollups (
    dimension          smallint    NOT NULL,
    level              smallint    NOT NULL,
    bucket             timestamptz NOT NULL,
    value              text        NOT NULL,
    value2             text        NOT NULL,
    tasks              bigint      NOT NULL,
    queued             bigint      NOT NULL,
    running            bigint      NOT NULL,
    waiting_input      bigint      NOT NULL,
    completed          bigint      NOT NULL,
    failed             bigint      NOT NULL,
    cancelled          bigint      NOT NULL,
    cost_usd           numeric     NOT NULL,
    input_tokens       numeric     NOT NULL,
    output_tokens      numeric     NOT NULL,
    duration_count     bigint      NOT NULL,
    duration_seconds   numeric     NOT NULL,
    turnaround_count   bigint      NOT NULL,
    turnaround_seconds numeric     NOT NULL,
    queue_count        bigint      NOT NULL,
    queue_seconds      numeric     NOT NULL,
    durations          bytea       NOT NULL,
    queue_times        bytea       NOT NULL,
    costs              bytea       NOT NULL,
    PRIMARY KEY (dimension, level, bucket, value, value2)
) -- Rows of now are updated several times per second: in place, as long as their page has room. Histograms stay in the row.
WITH (fillfactor = 70, toast_tuple_target = 8160);

ALTER TABLE task_rollups ALTER COLUMN durations SET STORAGE EXTERNAL, ALTER COLUMN queue_times SET STORAGE EXTERNAL, ALTER COLUMN costs SET STORAGE EXTERNAL;

-- All tasks ever by all dimensions at once, for the totals of lists.
CREATE TABLE task_totals (
    assigned_agent text    NOT NULL,
    agent_type     text    NOT NULL,
    source         text    NOT NULL,
    model          text    NOT NULL,
    status         text    NOT NULL,
    tasks          bigint  NOT NULL,
    cost_usd       numeric NOT NULL,
    input_tokens   numeric NOT NULL,
    output_tokens  numeric NOT NULL,
    PRIMARY KEY (assigned_agent, agent_type, source, model, status)
) WITH (fillfactor = 70);

CREATE FUNCTION record_task_delta() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO task_deltas VALUES (
            -1, OLD.created_at, OLD.started_at, OLD.completed_at, OLD.assigned_agent, OLD.agent_type, OLD.source, OLD.model, OLD.status, OLD.user_id,
            OLD.cost_usd, OLD.input_tokens, OLD.output_tokens, OLD.duration_seconds);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO task_deltas VALUES (
            1, NEW.created_at, NEW.started_at, NEW.completed_at, NEW.assigned_agent, NEW.agent_type, NEW.source, NEW.model, NEW.status, NEW.user_id,
            NEW.cost_usd, NEW.input_tokens, NEW.output_tokens, NEW.duration_seconds);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER task_delta AFTER INSERT OR DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_delta();

-- Most updates change nothing that is aggregated, or only that.
CREATE TRIGGER task_delta_update AFTER UPDATE ON tasks FOR EACH ROW
    WHEN ((OLD.created_at, OLD.started_at, OLD.completed_at, OLD.assigned_agent, OLD.agent_type, OLD.source, OLD.model, OLD.status, OLD.user_id, OLD.cost_usd,
           OLD.input_tokens, OLD.output_tokens, OLD.duration_seconds)
          IS DISTINCT FROM
          (NEW.created_at, NEW.started_at, NEW.completed_at, NEW.assigned_agent, NEW.agent_type, NEW.source, NEW.model, NEW.status, NEW.user_id, NEW.cost_usd,
           NEW.input_tokens, NEW.output_tokens, NEW.duration_seconds))
    EXECUTE FUNCTION record_task_delta();

CREATE FUNCTION forget_task_rollups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE task_deltas, task_rollups, task_totals;
    RETURN NULL;
END $$;

CREATE TRIGGER task_rollups_truncate AFTER TRUNCATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION forget_task_rollups();

-- The tasks that are there already are folded like any others.
INSERT INTO task_deltas
SELECT 1, created_at, started_at, completed_at, assigned_agent, agent_type, source, model, status, user_id, cost_usd, input_tokens, output_tokens, duration_seconds
FROM tasks;

CREATE INDEX ix_sessions_connected_at ON sessions (connected_at);
CREATE INDEX ix_conversations_started_at ON conversations (started_at, conversation_id) INCLUDE (total_cost_usd, total_tasks, total_duration_seconds);
