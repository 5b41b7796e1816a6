using GrooteDashboard.Domain.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GrooteDashboard.Infrastructure.Persistence.Configurations.Identity;

internal sealed class SessionConfiguration : IEntityTypeConfiguration<Session>
{
    public void Configure(EntityTypeBuilder<Session> session)
    {
        session.ToTable("sessions");
        session.HasKey(s => s.SessionId);
        session.Ignore(s => s.DomainEvents);
        session.Property(s => s.SessionId).HasColumnName("session_id");
        session.Property(s => s.UserId).HasColumnName("user_id");
        session.Property(s => s.MachineId).HasColumnName("machine_id");
        session.Property(s => s.ConnectedAt).HasColumnName("connected_at");
        session.Property(s => s.DisconnectedAt).HasColumnName("disconnected_at");
        session.Property(s => s.Active).HasColumnName("active");
    }
}
