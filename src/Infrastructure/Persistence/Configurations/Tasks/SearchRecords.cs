using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;

/// <summary>A row of search_passages.</summary>
internal sealed class SearchPassageRecord
{
    public long Id { get; private set; }

    public required string TaskId { get; init; }

    public required string Part { get; init; }

    public required long FirstOffset { get; init; }

    public required long LastOffset { get; init; }

    public required int Length { get; init; }

    public required long Digest { get; init; }

    public required NpgsqlTsVector Words { get; init; }
}

/// <summary>A row of search_queue.</summary>
internal sealed class SearchQueueRecord
{
    public long Id { get; private set; }

    public required string TaskId { get; init; }

    public DateTimeOffset QueuedAt { get; private set; }
}

/// <summary>A row of search_pairs.</summary>
internal sealed class SearchPairsRecord
{
    public required long Block { get; init; }

    public required int Rows { get; init; }

    public required byte[] Bits { get; init; }
}

internal sealed class SearchPassageRecordConfiguration : IEntityTypeConfiguration<SearchPassageRecord>
{
    public void Configure(EntityTypeBuilder<SearchPassageRecord> row)
    {
        row.ToTable("search_passages");
        row.HasKey(r => r.Id);
        row.Property(r => r.Id).HasColumnName("id").ValueGeneratedOnAdd();
        row.Property(r => r.TaskId).HasColumnName("task_id");
        row.Property(r => r.Part).HasColumnName("part");
        row.Property(r => r.FirstOffset).HasColumnName("first_offset");
        row.Property(r => r.LastOffset).HasColumnName("last_offset");
        row.Property(r => r.Length).HasColumnName("length");
        row.Property(r => r.Digest).HasColumnName("digest");
        row.Property(r => r.Words).HasColumnName("words");
    }
}

internal sealed class SearchQueueRecordConfiguration : IEntityTypeConfiguration<SearchQueueRecord>
{
    public void Configure(EntityTypeBuilder<SearchQueueRecord> row)
    {
        row.ToTable("search_queue");
        row.HasKey(r => r.Id);
        row.Property(r => r.Id).HasColumnName("id").ValueGeneratedOnAdd();
        row.Property(r => r.TaskId).HasColumnName("task_id");
        row.Property(r => r.QueuedAt).HasColumnName("queued_at").ValueGeneratedOnAdd();
    }
}

internal sealed class SearchPairsRecordConfiguration : IEntityTypeConfiguration<SearchPairsRecord>
{
    public void Configure(EntityTypeBuilder<SearchPairsRecord> row)
    {
        row.ToTable("search_pairs");
        row.HasKey(r => r.Block);
        row.Property(r => r.Block).HasColumnName("block").ValueGeneratedNever();
        row.Property(r => r.Rows).HasColumnName("rows");
        row.Property(r => r.Bits).HasColumnName("bits");
    }
}
