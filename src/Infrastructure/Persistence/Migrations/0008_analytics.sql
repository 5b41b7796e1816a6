-- Rollups of 6 hours and of a quarter of a month as well, and histograms that are added up by putting them one after the other (ADR 12): everything is folded again.

TRUNCATE task_deltas, task_rollups, task_totals;

INSERT INTO task_deltas
SELECT 1, created_at, started_at, completed_at, assigned_agent, agent_type, source, model, status, user_id, cost_usd, input_tokens, output_tokens, duration_seconds
FROM tasks;

-- What conversations come to by the day (UTC) on which their first run began; -infinity without a run. Every change adds a row with the difference, and whoever folds makes
-- one row of those of a day: their sum is always right.
CREATE TABLE conversation_days (
    day              date    NOT NULL,
    conversations    bigint  NOT NULL,
    cost_usd         numeric NOT NULL,
    tasks            bigint  NOT NULL,
    duration_seconds numeric NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE INDEX ix_conversation_days_day ON conversation_days (day);

CREATE FUNCTION record_conversation_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO conversation_days VALUES (
            coalesce((OLD.started_at AT TIME ZONE 'UTC')::date, '-infinity'), -1, -OLD.total_cost_usd, -OLD.total_tasks, -round(OLD.total_duration_seconds::numeric, 6));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO conversation_days VALUES (
            coalesce((NEW.started_at AT TIME ZONE 'UTC')::date, '-infinity'), 1, NEW.total_cost_usd, NEW.total_tasks, round(NEW.total_duration_seconds::numeric, 6));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER conversation_day AFTER INSERT OR DELETE ON conversations FOR EACH ROW EXECUTE FUNCTION record_conversation_day();

CREATE TRIGGER conversation_day_update AFTER UPDATE ON conversations FOR EACH ROW
    WHEN ((OLD.started_at, OLD.total_cost_usd, OLD.total_tasks, OLD.total_duration_seconds)
          IS DISTINCT FROM (NEW.started_at, NEW.total_cost_usd, NEW.total_tasks, NEW.total_duration_seconds))
    EXECUTE FUNCTION record_conversation_day();

INSERT INTO conversation_days
SELECT coalesce((started_at AT TIME ZONE 'UTC')::date, '-infinity'), count(*), sum(total_cost_usd), sum(total_tasks), sum(round(total_duration_seconds::numeric, 6))
FROM conversations GROUP BY 1;

-- In the order of the list; the costliest, whatever the range.
DROP INDEX ix_conversations_started_at;
CREATE INDEX ix_conversations_started_at ON conversations (started_at DESC NULLS LAST, conversation_id DESC) INCLUDE (total_cost_usd, total_tasks, total_duration_seconds);
CREATE INDEX ix_conversations_cost ON conversations (total_cost_usd DESC, conversation_id) INCLUDE (started_at);

-- Sessions of a range are read from the index alone.
DROP INDEX ix_sessions_connected_at;
CREATE INDEX ix_sessions_connected_at ON sessions (connected_at) INCLUDE (disconnected_at, active);
