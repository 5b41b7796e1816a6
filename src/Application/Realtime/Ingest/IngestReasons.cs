namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>Why a message was counted as it was.</summary>
public static class IngestReasons
{
    public const string Output = "output";
    public const string Command = "command";
    public const string CliStatus = "cli_status";
    public const string TooLarge = "too_large";
    public const string InvalidTaskId = "invalid_task_id";
    public const string UnknownStatus = "unknown_status";
    public const string InvalidFigure = "invalid_figure";
    public const string InvalidJson = "invalid_json";
    public const string MissingStatus = "missing_status";
    public const string MissingType = "missing_type";
    public const string MissingText = "missing_text";
    public const string Empty = "empty";
    public const string NoTask = "no_task";
    public const string NotAboutTasks = "not_about_tasks";
    public const string InvalidCommand = "invalid_command";
    public const string InboxFull = "inbox_full";
    public const string Error = "error";
}
