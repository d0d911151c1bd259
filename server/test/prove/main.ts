import { parseArgs } from 'node:util'
import { seedOfRun } from '../support/random.ts'
import { PROOFS } from './proofs.ts'
import { prove } from './prove.ts'
import { writeReport } from './report.ts'

// Shows for a long time what the tests show for a short one, and writes docs/reliability.md:
//   npm run prove -- --hours N | --minutes M [--seed S] [--only NAME]
// With --only the report is left alone. The seed of a violation, given with --only, begins with that round.
const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})
const only = values.only ?? []
const unknown = only.filter((name) => !PROOFS.some((proof) => proof.name === name))
if (unknown.length > 0)
  fail(`there is no proof ${unknown}; there are ${PROOFS.map(({ name }) => name).join(', ')}`)
const minutes = numberOf('minutes', values.minutes) ?? (numberOf('hours', values.hours) ?? 0) * 60
if (minutes <= 0) fail('say how long: --hours N or --minutes M')
const wanted = PROOFS.filter(({ name }) => only.length === 0 || only.includes(name))
for (const { name, skip } of wanted) if (skip !== false) console.log(`${name} is left out: ${skip}`)
const proofs = wanted.filter(({ skip }) => skip === false)
const seed = numberOf('seed', values.seed) ?? seedOfRun()

// A round that has begun is finished, because it cleans up at its end: it has mounts and processes.
let isAsked = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.log(`${signal}: ending with this round`)
    isAsked = true
  })
}

const record = await prove({
  proofs,
  seed,
  minutes,
  say: console.log,
  now: Date.now,
  isAsked: () => isAsked,
})

console.log(record.summary())
if (only.length === 0) console.log(`written: ${writeReport(record)}`)
process.exitCode = record.violations() > 0 ? 1 : 0

function numberOf(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  const number = Number(value)
  return number > 0 ? number : fail(`--${name} is a number above 0`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
