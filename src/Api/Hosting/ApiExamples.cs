using System.Collections.Frozen;
using GrooteDashboard.Api.Endpoints;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Queries;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;

namespace GrooteDashboard.Api.Hosting;

/// <summary>Examples of bodies in the OpenAPI document.</summary>
internal static class ApiExamples
{
    private const string Summary =
        """
        "task_id":"task-019a","session_id":"webhook-system","user_id":"system","status":"completed","provisional":false,
        "assigned_agent":"brain","agent_type":"webhook","source":"github","created_at":"2026-02-03T10:00:00Z","started_at":"2026-02-03T10:00:02Z",
        "completed_at":"2026-02-03T10:01:32Z","last_output_at":null,"cost_usd":0.0421,"input_tokens":12034,"output_tokens":1820,
        "duration_seconds":90.2,"turnaround_seconds":92.0,"input_message":"Fix the failing test","conversation_id":null,
        "flow_id":"github:owner/repo#42","parent_task_id":null,"stop_requested_at":null,"stop_confirmed_at":null,"version":4
        """;

    private const string Conversation =
        """
        "conversation_id":"conv-019a","user_id":"default-user","title":"Fix the failing test","agent_type":null,"flow_id":null,
        "created_at":"2026-02-03T10:00:00Z","updated_at":"2026-02-03T10:01:32Z","is_archived":false,"metadata":{"source":"dashboard"},"message_count":2,
        "total_cost_usd":0.0421,"total_tasks":1,"total_duration_seconds":90.2,"started_at":"2026-02-03T10:00:02Z","completed_at":"2026-02-03T10:01:32Z"
        """;

    private const string Message =
        """
        {"message_id":"msg-019a","conversation_id":"conv-019a","role":"assistant","content":"Done: the test passes.","task_id":"task-019a",
         "created_at":"2026-02-03T10:01:32Z","metadata":{}}
        """;

    private const string Budget =
        """
        "budget_id":"budget-019a","name":"Team","amount_usd":50,"period":"month","zone":"Europe/Berlin","scope":"agent","scope_value":"brain",
        "thresholds":[50,80],"action":"block_chat","created_at":"2026-01-20T10:00:00Z","updated_at":"2026-01-20T10:00:00Z"
        """;

    private const string Figures =
        """
        {"tasks":1200,"queued":3,"running":9,"waiting_input":1,"completed":1100,"failed":70,"cancelled":17,"success_rate":0.916667,"success_rate_ended":0.926706,
         "cost":52.4113,"average_cost":0.043676,"input_tokens":14440800,"output_tokens":2184000,"total_tokens":16624800,"average_tokens":13854,
         "average_duration_seconds":91.2,"average_turnaround_seconds":97.5,"average_queue_seconds":6.3}
        """;

    private const string Percentiles = """{"count":1187,"p50":74.1,"p90":180.3,"p95":240.9,"p99":612.0}""";

    public static FrozenDictionary<Type, string> ByType { get; } = new Dictionary<Type, string>
    {
        [typeof(Figures)] = Figures,
        [typeof(Percentiles)] = Percentiles,
        [typeof(CostHistogram)] =
            """
            {"period":"day","from":"2026-02-03T00:00:00Z","to":"2026-02-04T00:00:00Z","zone":"UTC","by":null,
             "data":[{"timestamp":"2026-02-03T00:00:00Z","cost":0.05,"tasks":3,"completed":2,"failed":1,"tokens":8120,"average_duration_seconds":80.1}],"series":null}
            """,
        [typeof(CostsByAgent)] = """{"subagents":["brain","executor"],"costs":[40.1,12.3],"task_counts":[800,400]}""",
        [typeof(BreakdownRow)] = "{\"value\":\"brain\",\"share\":0.77,\"figures\":" + Figures + "}",
        [typeof(BudgetRequest)] =
            """
            {"name":"Team","amount_usd":50,"period":"month","zone":"Europe/Berlin","scope":"agent","scope_value":"brain","thresholds":[50,80],"action":"block_chat"}
            """,
        [typeof(BudgetState)] =
            "{" + Budget + """
            ,"from":"2026-01-31T23:00:00Z","to":"2026-02-28T23:00:00Z","spent_usd":41.2,"percent":82.4,"status":"warning",
             "forecast":{"expected_usd":91.6,"runs_out_at":"2026-02-15T06:00:00Z"}}
            """,
        [typeof(BudgetSummary)] = "{" + Budget + "}",
        [typeof(BudgetTripDetails)] =
            """
            {"trip_id":7,"budget_id":"budget-019a","name":"Team","period_start":"2026-01-31T23:00:00Z","threshold":80,"spent_usd":40.1,"amount_usd":50,
             "tripped_at":"2026-02-12T10:00:01Z"}
            """,
        [typeof(RegisterTaskRequest)] =
            """
            {"task_id":"task-019a","source":"github","source_metadata":{"repository":"owner/repo","issue":42},
             "input_message":"Fix the failing test","assigned_agent":"brain","flow_id":"github:owner/repo#42"}
            """,
        [typeof(RegisteredTask)] = """{"task_id":"task-019a","conversation_id":null}""",
        [typeof(ReportTaskRequest)] =
            """{"status":"completed","output":"Done.","cost_usd":0.0421,"input_tokens":12034,"output_tokens":1820,"duration_seconds":90.2}""",
        [typeof(ReportedTask)] = """{"task_id":"task-019a","status":"completed"}""",
        [typeof(AppendOutputRequest)] =
            """{"chunks":[{"output":"Running 12 tests\n","kind":"output","id":"c-1"},{"output":"Let me look at the log.","kind":"thinking"}]}""",
        [typeof(AppendedOutput)] = """{"task_id":"task-019a","accepted":2,"duplicates":0,"last_offset":14}""",
        [typeof(TaskPage)] =
            "{\"items\":[{" + Summary + """
            }],"total":41,"total_is_exact":true,"page":1,"per_page":1,"next":"Q3JlYXRlZHxkZXNjfDE…","prev":null,
             "totals":{"tasks":41,"cost_usd":1.72,"input_tokens":481360,"output_tokens":72800},"pages":41}
            """,
        [typeof(TaskTable)] =
            """
            {"tasks":[{"task_id":"task-019a","session_id":"webhook-system","status":"completed","assigned_agent":"brain","agent_type":"webhook",
              "created_at":"2026-02-03T10:00:00Z","completed_at":"2026-02-03T10:01:32Z","cost_usd":0.0421,"duration_seconds":90.2,"input_message":"Fix the failing test"}],
             "total":41,"page":1,"page_size":1,"total_pages":41}
            """,
        [typeof(TaskSummary)] = "{" + Summary + "}",
        [typeof(TaskDetails)] =
            "{" + Summary + """
            ,"output_stream":"Running 12 tests\n","output_truncated":false,"result":null,"error":null,"source_metadata":{"repository":"owner/repo"},
             "log_position":{"channel":"task:task-019a","epoch":"5f0c2a","offset":14},"last_offset":14}
            """,
        [typeof(TaskOutput)] =
            """{"task_id":"task-019a","status":"running","output":"Running 12 tests\n","error":null,"is_live":true,"timestamp":"2026-02-03T10:00:05Z"}""",
        [typeof(TaskLogPage)] =
            """
            {"task_id":"task-019a","entries":[
              {"offset":1,"type":"status","timestamp":"2026-02-03T10:00:00Z","kind":null,"output":null,"data":{"version":1},"status":"queued","previous":null},
              {"offset":2,"type":"output","timestamp":"2026-02-03T10:00:05Z","kind":"output","output":"Running 12 tests\n","data":null,"status":null,"previous":null}],
             "last_offset":14,"has_more":true,"position":{"channel":"task:task-019a","epoch":"5f0c2a","offset":14}}
            """,
        [typeof(ConversationSummary)] = "{" + Conversation + "}",
        [typeof(ConversationDetails)] = "{" + Conversation + ",\"messages\":[" + Message + "]}",
        [typeof(MessageDetails)] = Message,
        [typeof(CreateConversationRequest)] = """{"title":"owner/repo#42","agent_type":"executor","flow_id":"github:owner/repo#42","source":"github"}""",
        [typeof(UpdateConversationRequest)] = """{"title":"The failing test","is_archived":true}""",
        [typeof(AddMessageRequest)] = """{"role":"assistant","content":"Done: the test passes.","task_id":"task-019a"}""",
        [typeof(ChatMessage)] = """{"message":"Fix the failing test"}""",
        [typeof(Answer<SentMessage>)] =
            """{"success":true,"message":"Task created","data":{"task_id":"task-019a","conversation_id":"conv-019a","message_id":"msg-019a"},"error":null}""",
        [typeof(Answer<object>)] = """{"success":true,"message":"Conversation deleted successfully","data":null,"error":null}""",
        [typeof(Answer<StoppedTask>)] =
            """
            {"success":true,"message":"Task stopped","data":{"task_id":"task-019a","stopped":true,"status":"cancelled","confirmed":false,
             "requested_at":"2026-02-03T10:00:30Z","waiting_seconds":0},"error":null}
            """,
        [typeof(RetriedTask)] = """{"task_id":"task-019b","parent_task_id":"task-019a","conversation_id":"conv-019a"}""",
        [typeof(TaskIdsRequest)] = """{"task_ids":["task-019a","task-019b"]}""",
        [typeof(TaskOutcomes)] =
            """
            {"results":[{"task_id":"task-019a","ok":true,"status":"failed","detail":null,"retried_as":"task-019c"},
             {"task_id":"task-019b","ok":false,"status":"running","detail":"A task that is running has not ended: it cannot be done again."}]}
            """,
        [typeof(SendInputRequest)] = """{"message":"Yes, use the second one."}""",
        [typeof(ConversationMetrics)] =
            """
            {"conversation_id":"conv-019a","total_cost_usd":0.0421,"total_tasks":1,"total_duration_seconds":90.2,"started_at":"2026-02-03T10:00:02Z",
             "completed_at":"2026-02-03T10:01:32Z","task_breakdown":{"completed":1},"average_cost_per_task":0.0421}
            """,
        [typeof(ContextMessage)] = """{"role":"user","content":"Fix the failing test","created_at":"2026-02-03T10:00:00Z"}""",
        [typeof(ConversationLogPage)] =
            "{\"conversation_id\":\"conv-019a\",\"entries\":[{\"offset\":1,\"timestamp\":\"2026-02-03T10:00:00Z\",\"message\":" + Message
            + ",\"task_status\":null}],\"last_offset\":1,\"has_more\":false}",
        [typeof(IssuedTicket)] = """{"ticket":"5f0c2a…64 hex digits","expires_in_seconds":30}""",
        [typeof(Agent)] = 
            """
            {"name":"brain","agent_type":"planning","description":"Takes every task first","is_builtin":true,"tasks":41,"tasks_24h":7,
             "by_status":{"queued":1,"running":2,"waiting_input":0,"completed":35,"failed":2,"cancelled":1},"cost_usd":1.72,"last_seen_at":"2026-02-03T10:00:00Z"}
            """,
    }.ToFrozenDictionary();
}
