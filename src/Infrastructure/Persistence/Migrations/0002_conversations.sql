-- Conversations with their messages and the sequence of their channels; what the agent engine is to be told; stopping tasks.

CREATE TABLE conversations (
    conversation_id        text             NOT NULL PRIMARY KEY,
    user_id                text             NOT NULL,
    title                  text             NOT NULL,
    agent_type             text,
    flow_id                text,
    created_at             timestamptz      NOT NULL,
    updated_at             timestamptz      NOT NULL,
    is_archived            boolean          NOT NULL,
    metadata               jsonb            NOT NULL,
    message_count          integer          NOT NULL CHECK (message_count >= 0),
    last_message_number    bigint           NOT NULL,
    total_cost_usd         numeric          NOT NULL,
    total_tasks            integer          NOT NULL,
    total_duration_seconds double precision NOT NULL,
    started_at             timestamptz,
    completed_at           timestamptz,
    -- Head of the channel: given to rows of conversation_log under the lock of this row.
    log_offset             bigint           NOT NULL
);

CREATE INDEX ix_conversations_updated_at ON conversations (updated_at DESC, conversation_id DESC);
CREATE INDEX ix_conversations_user_id_updated_at ON conversations (user_id, updated_at DESC, conversation_id DESC);
CREATE INDEX ix_conversations_flow_id ON conversations (flow_id, created_at DESC) WHERE flow_id IS NOT NULL;

CREATE TABLE conversation_messages (
    message_id      text        NOT NULL PRIMARY KEY,
    conversation_id text        NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
    number          bigint      NOT NULL,
    role            text        NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
    content         text        NOT NULL,
    task_id         text,
    created_at      timestamptz NOT NULL,
    metadata        jsonb       NOT NULL
);

CREATE UNIQUE INDEX ux_conversation_messages_number ON conversation_messages (conversation_id, number);

-- What was said on the channel of a conversation. Written in the transaction in which it happens, so that offsets have no hole and need no other
-- counter.
CREATE TABLE conversation_log (
    conversation_id text        NOT NULL REFERENCES conversations (conversation_id) ON DELETE CASCADE,
    "offset"        bigint      NOT NULL,
    "timestamp"     timestamptz NOT NULL,
    message_id      text,
    task_status     json,
    PRIMARY KEY (conversation_id, "offset"),
    -- A row is a message or a task's status.
    CHECK ((message_id IS NULL) <> (task_status IS NULL))
);

-- What the agent engine is to be told, oldest first. A row ends when it was delivered; from taken_at on it may have been.
CREATE TABLE agent_outbox (
    id         bigint      NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind       text        NOT NULL CHECK (kind IN ('work', 'stop', 'input')),
    task_id    text        NOT NULL,
    payload    text        NOT NULL,
    created_at timestamptz NOT NULL,
    taken_at   timestamptz
);

ALTER TABLE tasks ADD COLUMN stop_requested_at timestamptz, ADD COLUMN stop_confirmed_at timestamptz;

DROP INDEX ix_tasks_conversation_id;
CREATE INDEX ix_tasks_conversation_id_created_at ON tasks (conversation_id, created_at DESC, task_id DESC) WHERE conversation_id IS NOT NULL;
