import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What is shown of an empty database is tested while it is empty: before the tests that put something into it. */
class EmptyDatabaseFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isFirst = ({ moduleId }: TestSpecification) => moduleId.endsWith('/emptyDatabase.test.ts')
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    // The test runner takes BASE_URL for itself.
    env: { SERVER_URL: process.env['BASE_URL'] ?? 'http://127.0.0.1:5000' },
    // One browser and one server: tests run one after the other, each with tasks of its own.
    fileParallelism: false,
    sequence: { sequencer: EmptyDatabaseFirst },
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
