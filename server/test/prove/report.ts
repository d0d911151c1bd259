import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Proof } from './proof.ts'
import { COUNTS, type ProofRecord, type Row, TITLES } from './record.ts'

const FILE = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url))

/** @returns the path of the file */
export function writeReport(record: ProofRecord): string {
  writeFileSync(FILE, page(record))
  return FILE
}

function page(record: ProofRecord): string {
  const { rows, seed } = record
  const durationMs = [...rows.values()].reduce((total, row) => total + row.durationMs, 0)
  return `# Reliability

What the proofs came to when they were last run for long. Written by \`npm run prove -- --hours N\`; do not edit.

| | |
| --- | --- |
| Date | ${new Date().toISOString().slice(0, 10)} |
| Commit | ${commit()} |
| Machine | ${machine()} |
| Time | ${Math.round(durationMs / 60_000)} minutes |
| First seed | ${seed} |
| **Violations** | **${record.violations()}** |
${COUNTS.map((name) => `| ${capital(TITLES[name])} | ${thousands(record.sum(name))} |`).join('\n')}

A *survivor* is a file, a collection, with its properties and its lock, that was acknowledged and found whole after a
kill or a power cut. A *violation* is anything that a client was told and that is not so, anything half, left over, still
reserved or wrongly counted.

## The proofs

${[...rows].map(([proof, row]) => section(proof, row)).join('\n')}`
}

function section(proof: Proof, { rounds, counts, kinds, violatedSeeds }: Row): string {
  const numbers = COUNTS.filter((name) => (counts.get(name) ?? 0) > 0)
    .map((name) => `${thousands(counts.get(name) ?? 0)} ${TITLES[name]}`)
    .join(', ')
  const violated =
    violatedSeeds.length === 0 ? 'No violation.' : `Violations with the seeds ${violatedSeeds.join(', ')}.`
  const table = [...kinds]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([kind, count]) => `| ${kind} | ${thousands(count)} |`)
  return `### ${proof.name}

${proof.does}

It cannot see: ${lowerFirst(proof.cannotSee)}

${rounds} rounds: ${numbers}. ${violated}
${table.length === 0 ? '' : `\n| kind | times |\n| --- | --- |\n${table.join('\n')}\n`}`
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `\`${git('rev-parse', '--short', 'HEAD')}\`${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}

function machine(): string {
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  return `${cpus().length} processors (${process.arch}), ${gigabytes} GiB of memory, Linux ${release()}, Node ${process.version}`
}

function thousands(count: number): string {
  return count.toLocaleString('en-US')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
