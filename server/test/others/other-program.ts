import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom } from '../support/random.ts'

// Another program that changes a folder as fast as it can, for so many turns: node other-program.ts FOLDER SEED TURNS
const [folder = '', seed, turns] = process.argv.slice(2)
const random = randomFrom(Number(seed))

function somewhere(): string {
  const names = Array.from({ length: 1 + random.below(3) }, () => `d${random.below(4)}`)
  return join(folder, ...names)
}

const CHANGES: readonly ((file: string) => void)[] = [
  () => mkdirSync(somewhere(), { recursive: true }),
  () => rmSync(somewhere(), { recursive: true, force: true }),
  () => renameSync(somewhere(), somewhere()),
  (file) => truncateSync(file, random.below(100)),
  (file) => appendFileSync(file, 'x'.repeat(random.below(300))),
  (file) => rmSync(file, { force: true }),
  (file) => writeFileSync(file, 'x'.repeat(random.below(1000))),
]

for (let turn = 0; turn < Number(turns); turn += 1) {
  try {
    random.pick(CHANGES)(join(somewhere(), `f${random.below(8)}`))
  } catch {
    // What it meant to change is not there.
  }
}
