import { globSync } from 'node:fs'
import { relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

// Runs every test of the workspace, or those whose path contains one of the arguments. With
// FORBID_SKIPS=1 a skipped test fails the run: continuous integration has every tool installed.
const server = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: server })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => `${server}${file}`)
  .sort()

if (files.length === 0) {
  console.error(`no test file has one of these in its path: ${wanted.join(', ')}`)
  process.exit(1)
}

const skipped: string[] = []
const forbidSkips = process.env.FORBID_SKIPS === '1'
const events = run({ files, concurrency: 2 })
events.on('test:fail', () => {
  process.exitCode = 1
})
events.on('test:pass', ({ name, skip, file }) => {
  if (skip !== undefined) skipped.push(`${relative(server, file ?? '')}: ${name} (${skip})`)
})
events.compose(spec).pipe(process.stdout)
process.on('exit', () => {
  if (!forbidSkips || skipped.length === 0) return
  console.error(`\nskips are forbidden here, and these tests were skipped:\n${skipped.join('\n')}`)
  process.exitCode = 1
})
