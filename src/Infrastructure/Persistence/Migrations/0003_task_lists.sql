-- Lists of tasks that do not get slower.

-- What lists are ordered by. Never null, so that every row has one place in every order and a list can go on from any of them; what is not known counts
-- as the least. Columns rather than expressions in the indexes: rows are then counted from the index alone.
ALTER TABLE tasks
    ADD COLUMN order_agent     text             NOT NULL GENERATED ALWAYS AS (coalesce(assigned_agent, '')) STORED,
    ADD COLUMN order_completed timestamptz      NOT NULL GENERATED ALWAYS AS (coalesce(completed_at, '-infinity')) STORED,
    ADD COLUMN order_cost      numeric          NOT NULL GENERATED ALWAYS AS (coalesce(cost_usd, 0)) STORED,
    ADD COLUMN order_tokens    bigint           NOT NULL GENERATED ALWAYS AS (coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) STORED,
    ADD COLUMN order_duration  double precision NOT NULL
        GENERATED ALWAYS AS (coalesce(duration_seconds, date_part('epoch', completed_at - started_at), -1)) STORED;

-- The ends of these are asked for, where the usual statistics see nothing.
ALTER TABLE tasks ALTER COLUMN order_cost SET STATISTICS 1000, ALTER COLUMN order_duration SET STATISTICS 1000;

DROP INDEX ix_tasks_created_at;
DROP INDEX ix_tasks_status_created_at;
DROP INDEX ix_tasks_assigned_agent_created_at;
DROP INDEX ix_tasks_session_id;
DROP INDEX ix_tasks_conversation_id_created_at;
DROP INDEX ix_tasks_flow_id;

-- One for each filter and each order: it answers the filter newest first and oldest first, and the order in both directions. The id, which decides where
-- the times are the same, is not in them: it would double their size, and PostgreSQL sorts the few rows of one moment as it reads (incremental sort).
CREATE INDEX ix_tasks_created_at ON tasks (created_at);
CREATE INDEX ix_tasks_status ON tasks (status, created_at);
CREATE INDEX ix_tasks_agent ON tasks (order_agent, created_at);
CREATE INDEX ix_tasks_agent_type ON tasks (agent_type, created_at);
CREATE INDEX ix_tasks_source ON tasks (source, created_at);
CREATE INDEX ix_tasks_session ON tasks (session_id, created_at);
CREATE INDEX ix_tasks_conversation ON tasks (conversation_id, created_at) WHERE conversation_id IS NOT NULL;
CREATE INDEX ix_tasks_flow ON tasks (flow_id, created_at) WHERE flow_id IS NOT NULL;
CREATE INDEX ix_tasks_parent ON tasks (parent_task_id, created_at) WHERE parent_task_id IS NOT NULL;
CREATE INDEX ix_tasks_completed ON tasks (order_completed, created_at);
CREATE INDEX ix_tasks_cost ON tasks (order_cost, created_at);
CREATE INDEX ix_tasks_tokens ON tasks (order_tokens, created_at);
CREATE INDEX ix_tasks_duration ON tasks (order_duration, created_at);
