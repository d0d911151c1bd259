import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/folder.ts'
import { cannotMount, missingTool } from '../support/tools.ts'

/** A piece of the product that keeps a promise, and the test that is red without it. */
interface Mutant {
  readonly without: string
  readonly file: string
  readonly text: string
  readonly instead: string
  readonly test: string
  /** The test's title begins with this. */
  readonly title: string
}

const MUTANTS: readonly Mutant[] = [
  {
    without: 'the second check in the critical section',
    file: 'core/put.ts',
    text: `const before = await checkWritable(deps, request)
    // So may`,
    instead: `const before = await deps.store.stat(request.path)
    // So may`,
    test: 'src/core/put.test.ts',
    title: 'somebody else locks it',
  },
  {
    without: 'the release when an upload is broken off',
    file: 'core/publish.ts',
    text: 'await reservation.release()\n',
    instead: '\n',
    test: 'src/core/publish.test.ts',
    title: 'changes nothing when the commit of a file fails',
  },
  {
    without: 'the sync of the directory',
    file: 'storage/folder/place.ts',
    text: `await rename(staged, parent.at(name))
    if (volume.durability === 'full') await parent.sync()`,
    instead: 'await rename(staged, parent.at(name))',
    test: 'test/spec/durable-put.test.ts',
    title: 'syncs the new content',
  },
  {
    without: 'the sync of the content',
    file: 'storage/folder/stage.ts',
    text: `if (volume.durability !== 'none') await handle.sync()`,
    instead: '',
    test: 'test/spec/durable-put.test.ts',
    title: 'syncs the new content',
  },
  {
    without: 'the sync of the log',
    file: 'state/sqlite/database.ts',
    text: "const lasting = isDurable ? 'FULL' : 'NORMAL'",
    instead: "const lasting = 'NORMAL'",
    test: 'src/state/sqlite/database.test.ts',
    title: 'syncs its log',
  },
  {
    without: 'the loop around short writes',
    file: 'storage/folder/stage.ts',
    text: 'for (let written = 0; written < chunk.byteLength; ) {',
    instead: 'for (let written = 0; written === 0; ) {',
    test: 'src/storage/folder/stage.test.ts',
    title: 'ends with ',
  },
  {
    without: 'the test for EDQUOT',
    file: 'storage/folder/translate.ts',
    text: "[errno.EDQUOT, ['quota-exceeded', 'the disk quota of the operating system is used up']],",
    instead: '',
    test: 'src/storage/folder/translate.test.ts',
    title: 'knows EDQUOT by its number',
  },
  {
    without: 'the ballast',
    file: 'state/sqlite/database.ts',
    text: `      return attempt(connection, work)
    })
  } catch (error) {
    if (!isFull(error) || !ballast.release()) throw translate(error)`,
    instead: `      return attempt(connection, work)
    })
  } catch (error) {
    throw translate(error)`,
    test: 'src/state/sqlite/database.test.ts',
    title: 'succeeds on a full disk by giving up the ballast',
  },
]

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

describe('a copy of the source without', { skip: cannotMount() || missingTool('strace') }, () => {
  for (const mutant of MUTANTS) {
    it(`${mutant.without} is caught by ${mutant.test}: ${mutant.title}`, async (test) => {
      const copy = copyOfSource(test)
      const whole = await runNamedTest(copy, mutant)
      assert.equal(whole.code, 0, `the test is red already\n${whole.stdout}`)
      assert.match(whole.stdout, /^# pass [1-9]/m, 'no test has this title')

      removeFrom(copy, mutant)
      const without = await runNamedTest(copy, mutant)

      assert.notEqual(without.code, 0, 'no test is red')
      assert.match(without.stdout, /^# fail [1-9]/m)
    })
  }
})

/** The server's sources and tests, and the packages they use. */
function copyOfSource(test: TestContext): string {
  const copy = temporaryFolder(test)
  mkdirSync(join(copy, 'server'))
  for (const part of ['package.json', 'server/package.json', 'server/src', 'server/test']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function removeFrom(copy: string, { file, text, instead }: Mutant): void {
  const at = join(copy, 'server', 'src', file)
  const source = readFileSync(at, 'utf8')
  assert.equal(source.split(text).length, 2, `${file} has this text once:\n${text}`)
  writeFileSync(at, source.replace(text, instead))
}

function runNamedTest(copy: string, { test, title }: Mutant) {
  // A run inside a test would report to that instead of writing what happened.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ['--test', '--test-reporter=tap', `--test-name-pattern=${title}`, join(copy, 'server', test)]
  return runCommand(process.execPath, args, { cwd: copy, env })
}
