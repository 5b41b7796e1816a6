-- Sessions, tasks and the log of every task.

CREATE TABLE sessions (
    session_id      text        NOT NULL PRIMARY KEY,
    user_id         text        NOT NULL,
    machine_id      text        NOT NULL,
    connected_at    timestamptz NOT NULL,
    disconnected_at timestamptz,
    active          boolean     NOT NULL
);

-- Tasks that nobody registered belong to it.
INSERT INTO sessions (session_id, user_id, machine_id, connected_at, active)
VALUES ('unregistered', 'unknown', 'unknown', now(), true);

CREATE TABLE tasks (
    task_id           text        NOT NULL PRIMARY KEY,
    session_id        text        NOT NULL REFERENCES sessions (session_id),
    user_id           text        NOT NULL,
    status            text        NOT NULL
        CHECK (status IN ('queued', 'running', 'waiting_input', 'completed', 'failed', 'cancelled')),
    provisional_until timestamptz,
    assigned_agent    text,
    agent_type        text        NOT NULL,
    source            text        NOT NULL,
    created_at        timestamptz NOT NULL,
    started_at        timestamptz,
    completed_at      timestamptz,
    input_message     text        NOT NULL,
    result            text,
    error             text,
    final_output      text,
    output_due_at     timestamptz,
    cost_usd          numeric CHECK (cost_usd >= 0),
    input_tokens      bigint CHECK (input_tokens >= 0),
    output_tokens     bigint CHECK (output_tokens >= 0),
    duration_seconds  double precision CHECK (duration_seconds >= 0),
    source_metadata   jsonb       NOT NULL,
    conversation_id   text,
    flow_id           text,
    parent_task_id    text,
    version           integer     NOT NULL
);

CREATE INDEX ix_tasks_created_at ON tasks (created_at DESC, task_id DESC);
CREATE INDEX ix_tasks_status_created_at ON tasks (status, created_at DESC, task_id DESC);
CREATE INDEX ix_tasks_assigned_agent_created_at ON tasks (assigned_agent, created_at DESC, task_id DESC);
CREATE INDEX ix_tasks_session_id ON tasks (session_id);
CREATE INDEX ix_tasks_conversation_id ON tasks (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX ix_tasks_flow_id ON tasks (flow_id) WHERE flow_id IS NOT NULL;
-- What the sweeper looks for once a second: nearly always nothing.
CREATE INDEX ix_tasks_provisional_until ON tasks (provisional_until) WHERE provisional_until IS NOT NULL;
CREATE INDEX ix_tasks_output_due_at ON tasks (output_due_at) WHERE output_due_at IS NOT NULL;

-- One sequence per task for output and status. No foreign key: rows come by COPY, thousands per second, and the log opens the task
-- (and creates it where it is missing) before it writes the first row. data is json, not jsonb: it is kept as the producer wrote it
-- and never searched.
CREATE TABLE task_log (
    task_id         text        NOT NULL,
    "offset"        bigint      NOT NULL,
    "timestamp"     timestamptz NOT NULL,
    source_id       text,
    kind            text CHECK (kind IN ('output', 'thinking', 'tool_call', 'tool_result', 'system')),
    output          text,
    data            json,
    status          text,
    previous_status text,
    PRIMARY KEY (task_id, "offset"),
    -- A row is output or a status.
    CHECK ((kind IS NULL) = (output IS NULL) AND (kind IS NULL) <> (status IS NULL))
);

-- A producer's id is taken once per task.
CREATE UNIQUE INDEX ux_task_log_source_id ON task_log (task_id, source_id) WHERE source_id IS NOT NULL;

-- What a use case committed and another part of the system must still take. A row ends in the transaction that takes it.
CREATE TABLE outbox (
    id         bigint      NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    topic      text        NOT NULL,
    key        text        NOT NULL,
    payload    json        NOT NULL,
    created_at timestamptz NOT NULL
);
