-- Filters by cost and by duration, newest first. Neither order helps the other: either all matches are sorted, or all newer tasks are passed over. With the id
-- the index knows the newest of all matches by itself, and only the rows of one page are read.
DROP INDEX ix_tasks_cost;
DROP INDEX ix_tasks_duration;
CREATE INDEX ix_tasks_cost ON tasks (order_cost, created_at, task_id);
CREATE INDEX ix_tasks_duration ON tasks (order_duration, created_at, task_id);
