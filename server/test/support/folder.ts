import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifetime } from './lifetime.ts'

/** A new empty directory that goes with the test. */
export function temporaryFolder(test: Lifetime): string {
  return folderIn(test, tmpdir())
}

/** The same in memory where the system offers that: for tests that make hundreds and in which no disk dies. */
export function folderInMemory(test: Lifetime): string {
  return folderIn(test, existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
}

function folderIn(test: Lifetime, parent: string): string {
  const folder = mkdtempSync(join(parent, 'plimsoll-test-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
