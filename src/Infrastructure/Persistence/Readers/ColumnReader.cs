using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>The columns of a row, one after another.</summary>
internal struct ColumnReader(NpgsqlDataReader row)
{
    private int _column = -1;

    public T Next<T>() => row.GetFieldValue<T>(++_column);

    public T? NextOrNull<T>()
        where T : class => row.IsDBNull(++_column) ? null : row.GetFieldValue<T>(_column);

    public T? NextValue<T>()
        where T : struct => row.IsDBNull(++_column) ? null : row.GetFieldValue<T>(_column);
}
