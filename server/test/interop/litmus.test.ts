import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'
import { run } from './program.ts'

const SUITES = ['basic', 'copymove', 'props', 'locks', 'http'] as const

const EXPECTED_WARNINGS: readonly string[] = [
  // A PUT whose If is false, and that submits no token of the lock: the server checks locks before conditions.
  'PUT failed with 423 not 412',
]

describe('litmus', { skip: missingTool('litmus') }, () => {
  for (const suite of SUITES) {
    it(`passes every test of the suite ${suite}`, async (test) => {
      const server = await serverWith(test, { limitBytes: 64 * 1024 * 1024 })

      const { stdout, stderr } = await run('litmus', [`${server.url}/`], {
        // It writes its debug.log where it is started.
        cwd: temporaryFolder(test),
        env: { TESTS: suite },
      })

      const summary = summaryOf(stdout)
      test.diagnostic(`${summary.run} run, ${summary.passed} passed`)
      assert.ok(summary.run > 0, stdout + stderr)
      assert.deepEqual(summary, { run: summary.run, passed: summary.run, failed: 0, skipped: 0 }, stdout)
      const warnings = warningsIn(stdout).filter((warning) => !EXPECTED_WARNINGS.includes(warning))
      assert.deepEqual(warnings, [], stdout)
      await eventually('the last request is over', () => server.strays().length === 0)
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
