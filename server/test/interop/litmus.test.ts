import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'

/** The suites of litmus that the server must pass whole. */
const SUITES = ['basic', 'http'] as const

const EXPECTED_WARNINGS: readonly string[] = [
  // True as long as there are no locks.
  'server does not claim Class 2 compliance',
]

describe('litmus', { skip: missingTool('litmus') }, () => {
  for (const suite of SUITES) {
    it(`passes every test of the suite ${suite}`, async (test) => {
      const server = await serverWith(test)

      const { stdout, stderr } = await runCommand('litmus', [`${server.url}/`], {
        // It writes its debug.log where it is started.
        cwd: temporaryFolder(test),
        env: { ...process.env, TESTS: suite },
      })

      const summary = summaryOf(stdout)
      test.diagnostic(`${summary.run} run, ${summary.passed} passed`)
      assert.ok(summary.run > 0, stdout + stderr)
      assert.deepEqual(summary, { run: summary.run, passed: summary.run, failed: 0, skipped: 0 }, stdout)
      assert.deepEqual(
        warningsIn(stdout).filter((warning) => !EXPECTED_WARNINGS.includes(warning)),
        [],
      )
      // One test ends in the middle of an upload, which the server notices when the connection ends.
      await eventually('nothing is staged any more', () => server.strays().length === 0)
    })
  }
})

// `<- summary for `basic': of 16 tests run: 16 passed, 0 failed. 100.0%`, and `-> 1 test was skipped.`
function summaryOf(output: string) {
  const [, run, passed, failed] = /of (\d+) tests run: (\d+) passed, (\d+) failed/.exec(output) ?? []
  const [, skipped = 0] = /(\d+) tests? (?:was|were) skipped/.exec(output) ?? []
  return { run: Number(run), passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

function warningsIn(output: string): string[] {
  return [...output.matchAll(/WARNING: (.*)/g)].map(([, warning = '']) => warning.trim())
}
