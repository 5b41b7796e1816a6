using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests;

[SetUpFixture]
internal sealed class TestRun
{
    [OneTimeTearDown]
    public Task DropTemplate() => TestDatabase.DropTemplateAsync();
}
